import {createHash} from 'node:crypto'
import {readFile, stat} from 'node:fs/promises'
import {homedir} from 'node:os'
import {join} from 'node:path'
import {FailedError, UsageError} from '../error/keg-error.js'
import {parseJson, property} from '../json/json.js'
import {printable} from '../terminal/text.js'

/** TLS material of an engine, as PEM. */
export interface TlsMaterial {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
  readonly skipVerify: boolean
}

/** Where an engine listens, and how that was found out. */
export type Endpoint = {readonly origin: string} & (
  | {readonly kind: 'socket'; readonly path: string}
  | {readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls?: TlsMaterial}
)

/** The folder of the docker client's configuration. */
export function dockerConfigFolder(environment: NodeJS.ProcessEnv): string {
  return environment.DOCKER_CONFIG || join(environment.HOME ?? homedir(), '.docker')
}

/**
 * Finds the engine as the docker client does: DOCKER_HOST, DOCKER_CONTEXT, the current context of config.json, the default
 * socket (docker/cli, cli/command/cli.go, resolveContextName).
 * @throws UsageError `context-unknown` for a context that is not there, `host-invalid` for an address that is none.
 */
export async function findEndpoint(environment: NodeJS.ProcessEnv): Promise<Endpoint> {
  if (environment.DOCKER_HOST) {
    return parseHost(environment.DOCKER_HOST, 'DOCKER_HOST', await environmentTls(environment))
  }
  const fromEnvironment = environment.DOCKER_CONTEXT
  const context = fromEnvironment ? fromEnvironment : await currentContext(environment)
  if (context !== undefined && context !== 'default') {
    return contextEndpoint(context, fromEnvironment ? 'DOCKER_CONTEXT' : 'the current docker context', environment)
  }
  return {kind: 'socket', path: await defaultSocket(environment), origin: 'the default socket'}
}

async function defaultSocket(environment: NodeJS.ProcessEnv): Promise<string> {
  if (process.platform === 'win32') return '//./pipe/docker_engine'
  const usual = '/var/run/docker.sock'
  if ((await stat(usual).catch(() => undefined)) !== undefined) return usual
  const desktop = join(environment.HOME ?? homedir(), '.docker', 'run', 'docker.sock')
  return (await stat(desktop).catch(() => undefined)) === undefined ? usual : desktop
}

function parseHost(host: string, origin: string, tls: TlsMaterial | undefined): Endpoint {
  const invalid = (): UsageError =>
    new UsageError(`${origin} names no engine: ${printable(host)}`, {
      code: 'host-invalid',
      hint: 'Write it as unix:///path/to/docker.sock or tcp://host:port.',
    })
  const [scheme, rest] = host.includes('://')
    ? [host.slice(0, host.indexOf('://')), host.slice(host.indexOf('://') + 3)]
    : ['tcp', host]
  switch (scheme.toLowerCase()) {
    case 'unix':
    case 'npipe':
      if (rest === '') throw invalid()
      return {kind: 'socket', path: rest, origin}
    case 'tcp':
    case 'http':
    case 'https': {
      if (!URL.canParse(`http://${rest}`)) throw invalid()
      const {hostname} = new URL(`http://${rest}`)
      // As an address of http it would lose the port 80.
      const {port} = new URL(`tcp://${rest}`)
      const secure = tls ?? (scheme === 'https' ? {skipVerify: false} : undefined)
      return {
        kind: 'tcp',
        host: hostname.replace(/^\[|\]$/g, ''),
        port: port === '' ? (secure ? 2376 : 2375) : Number(port),
        origin,
        ...(secure ? {tls: secure} : {}),
      }
    }
    case 'ssh':
      throw new UsageError(`${origin} is an address of ssh, which keg cannot connect through: ${printable(host)}`, {
        code: 'host-invalid',
        hint: 'Forward its socket with ssh -N -L /tmp/docker.sock:/var/run/docker.sock HOST, and set DOCKER_HOST=unix:///tmp/docker.sock.',
      })
    default:
      throw invalid()
  }
}

async function environmentTls(environment: NodeJS.ProcessEnv): Promise<TlsMaterial | undefined> {
  const verify = Boolean(environment.DOCKER_TLS_VERIFY)
  if (!verify && !environment.DOCKER_TLS) return undefined
  return tlsFrom(environment.DOCKER_CERT_PATH ?? dockerConfigFolder(environment), !verify)
}

async function tlsFrom(folder: string, skipVerify: boolean): Promise<TlsMaterial> {
  const read = (name: string): Promise<Buffer | undefined> => readFile(join(folder, name)).catch(() => undefined)
  const [ca, cert, key] = await Promise.all([read('ca.pem'), read('cert.pem'), read('key.pem')])
  return {skipVerify, ...(ca && {ca}), ...(cert && {cert}), ...(key && {key})}
}

async function currentContext(environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  const file = join(dockerConfigFolder(environment), 'config.json')
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const name = property(readJson(text, file), 'currentContext')
  return typeof name === 'string' && name !== '' ? name : undefined
}

/** A context is `contexts/meta/<sha256 of its name>/meta.json`, with its TLS files under `contexts/tls`. */
async function contextEndpoint(name: string, origin: string, environment: NodeJS.ProcessEnv): Promise<Endpoint> {
  const id = createHash('sha256').update(name).digest('hex')
  const contexts = join(dockerConfigFolder(environment), 'contexts')
  const file = join(contexts, 'meta', id, 'meta.json')
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined)
    throw new UsageError(`There is no docker context ${printable(name)} (${origin}).`, {
      code: 'context-unknown',
      hint: 'List the contexts there are with: docker context ls',
    })
  const engine = property(property(readJson(text, file), 'Endpoints'), 'docker')
  const host = property(engine, 'Host')
  const folder = join(contexts, 'tls', id, 'docker')
  const hasTls = (await stat(folder).catch(() => undefined)) !== undefined
  const tls = hasTls ? await tlsFrom(folder, property(engine, 'SkipTLSVerify') === true) : undefined
  return parseHost(typeof host === 'string' ? host : '', `${origin} ${printable(name)}`, tls)
}

function readJson(text: string, file: string): unknown {
  const value = parseJson(text)
  if (value === undefined)
    throw new FailedError(`${file} is not JSON.`, {code: 'docker-config-invalid', hint: 'Mend or remove the file.'})
  return value
}
