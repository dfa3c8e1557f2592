import type {Endpoint} from './endpoint.js'

/** What was said on the command line about the engine; an empty value is none, as in the environment. */
export interface ConnectionFlags {
  readonly context?: string | undefined
  readonly host?: string | undefined
}

/**
 * A copy of an environment in which DOCKER_HOST or DOCKER_CONTEXT says what the command line says, so that whatever gets it,
 * keg's own connection and what keg starts, finds the same engine. As for the docker client, the context `default` is the
 * engine of DOCKER_HOST where that is set.
 */
export function connectionEnvironment(environment: NodeJS.ProcessEnv, flags: ConnectionFlags): NodeJS.ProcessEnv {
  if (flags.host) return pinned(environment, {DOCKER_HOST: flags.host})
  if (flags.context === 'default') return {...environment, DOCKER_CONTEXT: flags.context}
  if (flags.context) return pinned(environment, {DOCKER_CONTEXT: flags.context})
  const copy = {...environment}
  // Docker's client took an empty one for an address before version 23.
  if (copy.DOCKER_HOST === '') Reflect.deleteProperty(copy, 'DOCKER_HOST')
  return copy
}

/**
 * The environment for programs that find the engine themselves (docker, compose, buildx, mutagen): it names the engine that
 * was found, also where that was only the current context, so that one that lives on keeps it when another becomes current.
 */
export function engineEnvironment(
  environment: NodeJS.ProcessEnv,
  {selection}: Pick<Endpoint, 'selection'>,
): NodeJS.ProcessEnv {
  return pinned(environment, selection)
}

function pinned(environment: NodeJS.ProcessEnv, selection: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const copy = {...environment}
  Reflect.deleteProperty(copy, 'DOCKER_CONTEXT')
  Reflect.deleteProperty(copy, 'DOCKER_HOST')
  return {...copy, ...selection}
}
