import type {Endpoint} from './endpoint.js'

/** What the command line says about the engine; an empty value counts as none, as in the environment. */
export interface ConnectionFlags {
  readonly context?: string | undefined
  readonly host?: string | undefined
}

/** The same as options of docker and keg. */
export function connectionArguments({context, host}: ConnectionFlags): string[] {
  return [...(host ? ['--host', host] : []), ...(context ? ['--context', context] : [])]
}

/**
 * A copy of the environment with DOCKER_HOST or DOCKER_CONTEXT set as the command line says, so that keg's connection and
 * the programs it starts use the same engine. As in the docker client, the context `default` is the engine of DOCKER_HOST if
 * that is set.
 */
export function connectionEnvironment(environment: NodeJS.ProcessEnv, flags: ConnectionFlags): NodeJS.ProcessEnv {
  if (flags.host) return withSelection(environment, {DOCKER_HOST: flags.host})
  if (flags.context === 'default') return {...environment, DOCKER_CONTEXT: flags.context}
  if (flags.context) return withSelection(environment, {DOCKER_CONTEXT: flags.context})
  const copy = {...environment}
  // Before version 23, the docker client took an empty one for an address.
  if (copy.DOCKER_HOST === '') Reflect.deleteProperty(copy, 'DOCKER_HOST')
  return copy
}

/**
 * The environment for programs that find the engine themselves (docker, compose, buildx, mutagen). It names the engine that
 * keg found, even if that was the current context, so that a long-running program keeps it when the current context changes.
 */
export function engineEnvironment(
  environment: NodeJS.ProcessEnv,
  {selection}: Pick<Endpoint, 'selection'>,
): NodeJS.ProcessEnv {
  return withSelection(environment, selection)
}

function withSelection(environment: NodeJS.ProcessEnv, selection: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const copy = {...environment}
  Reflect.deleteProperty(copy, 'DOCKER_CONTEXT')
  Reflect.deleteProperty(copy, 'DOCKER_HOST')
  return {...copy, ...selection}
}
