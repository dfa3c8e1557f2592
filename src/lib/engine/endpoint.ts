import {createHash} from 'node:crypto'
import {readFile, stat} from 'node:fs/promises'
import {homedir} from 'node:os'
import {join} from 'node:path'
import {FailedError} from '../error/keg-error.js'
import {parseJson, property} from '../json/json.js'
import {printable} from '../terminal/text.js'
import {parseAddress, type EngineAddress} from './engine-address.js'
import {readTlsMaterial, type TlsMaterial} from './tls-material.js'

/** Where an engine listens, and how it was found. */
export type Endpoint = {
  readonly origin: string
  /** What makes a docker client use this engine: DOCKER_HOST or DOCKER_CONTEXT, never both. */
  readonly selection: Readonly<Record<string, string>>
} & EngineAddress

/** The folder of the docker client's configuration. */
export function dockerConfigFolder(environment: NodeJS.ProcessEnv): string {
  return environment.DOCKER_CONFIG || join(environment.HOME ?? homedir(), '.docker')
}

/**
 * Finds the engine as the docker client does: DOCKER_HOST, DOCKER_CONTEXT, the current context of config.json, the default
 * socket (docker/cli, cli/command/cli.go, resolveContextName). The flags of the command line are already in the environment.
 * @throws UsageError `context-unknown` for a missing context, `host-invalid` for an invalid address, MissingError
 * `engine-tls` for certificates that cannot be read.
 */
export async function findEndpoint(environment: NodeJS.ProcessEnv): Promise<Endpoint> {
  if (environment.DOCKER_HOST) {
    const origin = 'DOCKER_HOST or --host'
    const address = parseAddress(environment.DOCKER_HOST, origin, await environmentTls(environment))
    return {...address, origin, selection: {DOCKER_HOST: environment.DOCKER_HOST}}
  }
  const fromEnvironment = environment.DOCKER_CONTEXT
  const context = fromEnvironment ? fromEnvironment : await currentContext(environment)
  if (context !== undefined && context !== 'default')
    return contextEndpoint(
      context,
      fromEnvironment ? 'DOCKER_CONTEXT or --context' : 'the current docker context',
      environment,
    )
  const tls = await environmentTls(environment)
  if (tls) {
    // The docker client's default when TLS is on.
    const host = 'tcp://localhost:2376'
    return {...parseAddress(host, '', tls), origin: 'the default with TLS', selection: {DOCKER_HOST: host}}
  }
  return defaultEndpoint(environment)
}

const DEFAULT_SOCKET = '/var/run/docker.sock'

async function defaultEndpoint(environment: NodeJS.ProcessEnv): Promise<Endpoint> {
  const socketPath = process.platform === 'win32' ? '//./pipe/docker_engine' : DEFAULT_SOCKET
  const origin = 'the default socket'
  const defaultSocket = {kind: 'socket', path: socketPath, origin, selection: {DOCKER_CONTEXT: 'default'}} as const
  if (process.platform === 'win32' || (await exists(socketPath))) return defaultSocket
  // Docker Desktop without permission to create the socket in the usual place.
  const path = join(environment.HOME ?? homedir(), '.docker', 'run', 'docker.sock')
  return (await exists(path))
    ? {kind: 'socket', path, origin, selection: {DOCKER_HOST: `unix://${path}`}}
    : defaultSocket
}

async function environmentTls(environment: NodeJS.ProcessEnv): Promise<TlsMaterial | undefined> {
  const verify = Boolean(environment.DOCKER_TLS_VERIFY)
  if (!verify && !environment.DOCKER_TLS) return undefined
  const folder = environment.DOCKER_CERT_PATH || dockerConfigFolder(environment)
  return readTlsMaterial(folder, {skipVerify: !verify, caRequired: true})
}

async function currentContext(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const file = join(dockerConfigFolder(environment), 'config.json')
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const name = property(readJson(text, file), 'currentContext')
  return typeof name === 'string' && name !== '' ? name : undefined
}

/** A context is `contexts/meta/<sha256 of its name>/meta.json`, with its TLS files under `contexts/tls`. */
async function contextEndpoint(name: string, selectedBy: string, environment: NodeJS.ProcessEnv): Promise<Endpoint> {
  const id = createHash('sha256').update(name).digest('hex')
  const contexts = join(dockerConfigFolder(environment), 'contexts')
  const file = join(contexts, 'meta', id, 'meta.json')
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined)
    throw await (await import('./unknown-context.js')).unknownContext(name, {selectedBy: selectedBy, contexts})
  const engine = property(property(readJson(text, file), 'Endpoints'), 'docker')
  const host = property(engine, 'Host')
  const folder = join(contexts, 'tls', id, 'docker')
  const skipVerify = property(engine, 'SkipTLSVerify') === true
  const material = await readTlsMaterial(folder, {skipVerify, caRequired: false})
  const tls = skipVerify || material.ca || material.cert ? material : undefined
  const origin = `${selectedBy} ${printable(name)}`
  return {
    ...parseAddress(typeof host === 'string' ? host : '', origin, tls),
    origin,
    selection: {DOCKER_CONTEXT: name},
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

function readJson(text: string, file: string): unknown {
  const value = parseJson(text)
  if (value === undefined)
    throw new FailedError(`${file} is not JSON.`, {code: 'docker-config-invalid', hint: 'Fix or remove the file.'})
  return value
}
