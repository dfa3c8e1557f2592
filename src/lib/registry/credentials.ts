import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {dockerConfigFolder} from '../engine/endpoint.js'
import {FailedError, MissingError} from '../error/keg-error.js'
import {runProcess, type ProcessResult} from '../process/run-process.js'
import {hubRegistry} from '../reference/reference.js'
import {parseJson, property} from '../json/json.js'
import {printable} from '../terminal/text.js'

/** What proves to a registry who is asking; `origin` says where it was found, and is the only part fit to show. */
export type Credentials =
  | {readonly kind: 'anonymous'}
  | {readonly kind: 'password'; readonly username: string; readonly secret: string; readonly origin: string}
  | {readonly kind: 'token'; readonly identityToken: string; readonly origin: string}

export interface CredentialsOptions {
  /** `host[:port]`, `docker.io` for Docker Hub. */
  readonly registry: string
  /** HOME and DOCKER_CONFIG say where config.json is; a credential helper is looked for on its PATH and runs in it. */
  readonly environment: NodeJS.ProcessEnv
  readonly signal?: AbortSignal | undefined
  /** How long a credential helper may think: it may have to ask for the passphrase of a key ring. */
  readonly helperTimeoutMilliseconds?: number
}

const HELPER_TIMEOUT_MILLISECONDS = 60_000

/** The name under which docker keeps the credentials of Docker Hub, in config.json and in credential helpers. */
const HUB_SERVER = 'https://index.docker.io/v1/'
const HUB_HOSTS: readonly string[] = [hubRegistry, 'index.docker.io', 'registry-1.docker.io']

/** What helpers answer when they know nothing of a server (docker/docker-credential-helpers, credentials/error.go). */
const NOT_FOUND = 'credentials not found in native keychain'

/** The user name that says that the secret is an identity token. */
const TOKEN_USER = '<token>'

/**
 * Finds the credentials for a registry as the docker client does, in its config.json: the registry's own helper
 * (`credHelpers`), else the common one (`credsStore`); where there is none, or it knows nothing of the registry, `auths`.
 * @throws FailedError `docker-config-unreadable`, `docker-config-invalid`, `credential-helper-invalid`,
 * `credential-helper-failed`, `credential-helper-timeout`; MissingError `credential-helper-missing`. None of them, causes
 * included, carries a secret or what a helper printed.
 */
export async function findCredentials(options: CredentialsOptions): Promise<Credentials> {
  options.signal?.throwIfAborted()
  const file = join(dockerConfigFolder(options.environment), 'config.json')
  const config = await readConfig(file)
  const helper = helperFor(options.registry, config, file)
  const kept = helper === undefined ? undefined : await askHelper(helper, options)
  return kept ?? credentialsInFile(options.registry, property(config, 'auths'), file) ?? {kind: 'anonymous'}
}

/**
 * Credentials as the engine takes them in X-Registry-Auth: JSON in URL-safe base64 with its padding, which older engines
 * insist on (https://docs.docker.com/reference/api/engine/#section/Authentication).
 */
export function encodeRegistryAuth(credentials: Credentials, registry: string): string {
  return Buffer.from(JSON.stringify(authConfig(credentials, serverName(registry))))
    .toString('base64')
    .replaceAll('+', '-')
    .replaceAll('/', '_')
}

function authConfig(credentials: Credentials, server: string): Readonly<Record<string, string>> {
  switch (credentials.kind) {
    case 'anonymous':
      return {}
    case 'password':
      return {username: credentials.username, password: credentials.secret, serveraddress: server}
    case 'token':
      return {identitytoken: credentials.identityToken, serveraddress: server}
  }
}

function serverName(registry: string): string {
  return HUB_HOSTS.includes(registry) ? HUB_SERVER : registry
}

async function readConfig(file: string): Promise<unknown> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    const code = property(cause, 'code')
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new FailedError(`${printable(file)} cannot be read.`, {
      code: 'docker-config-unreadable',
      hint: 'Make it a file that you may read, or remove it.',
      cause,
    })
  }
  // docker, too, takes an empty file for none.
  if (text.trim() === '') return undefined
  // The parser's own error stays out of `cause`: it quotes the text, and the text holds passwords.
  const config = parseJson(text)
  if (typeof config === 'object' && config !== null) return config
  throw invalidConfig(file, 'is not a JSON object')
}

function invalidConfig(file: string, problem: string): FailedError {
  return new FailedError(`${printable(file)} ${problem}.`, {
    code: 'docker-config-invalid',
    hint: 'Mend or remove the file, then sign in again with docker login.',
  })
}

function helperFor(registry: string, config: unknown, file: string): string | undefined {
  const helpers = property(config, 'credHelpers')
  const names = HUB_HOSTS.includes(registry) ? [HUB_SERVER, ...HUB_HOSTS] : [registry]
  const own = names.map((name) => property(helpers, name)).find((helper) => typeof helper === 'string')
  // An empty name says that this registry's credentials are in the file, whatever the common helper is.
  const name = own ?? property(config, 'credsStore')
  if (typeof name !== 'string' || name === '') return undefined
  if (/^[A-Za-z0-9._-]+$/.test(name)) return name
  throw new FailedError(`${printable(file)} names a credential helper that is none: ${printable(name)}`, {
    code: 'credential-helper-invalid',
    hint: 'A helper is named by what follows docker-credential- in the name of its program: letters, digits, ".", "_" and "-".',
  })
}

/** Asks a helper; undefined when it knows nothing of the registry. */
async function askHelper(name: string, options: CredentialsOptions): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`
  const {exitCode, stdout, stderr} = await runHelper(program, options)
  if (exitCode !== 0) {
    if (`${stdout}${stderr}`.includes(NOT_FOUND)) return undefined
    throw helperFailed(program, options.registry, `ended with exit code ${exitCode}`)
  }
  const answer = parseJson(stdout)
  const username = property(answer, 'Username')
  const secret = property(answer, 'Secret')
  if (typeof username !== 'string' || typeof secret !== 'string')
    throw helperFailed(program, options.registry, 'gave an answer that is no credentials')
  if (secret === '') return undefined
  if (username === TOKEN_USER) return {kind: 'token', identityToken: secret, origin: program}
  return {kind: 'password', username, secret, origin: program}
}

async function runHelper(program: string, options: CredentialsOptions): Promise<ProcessResult> {
  const {registry, environment, signal, helperTimeoutMilliseconds = HELPER_TIMEOUT_MILLISECONDS} = options
  try {
    return await runProcess({
      command: [program, 'get'],
      input: serverName(registry),
      environment,
      timeoutMilliseconds: helperTimeoutMilliseconds,
      ...(signal && {signal}),
    })
  } catch (error) {
    if (error instanceof MissingError)
      throw new MissingError(`The credential helper ${program} for ${printable(registry)} is not on the PATH.`, {
        code: 'credential-helper-missing',
        hint: `Install ${program}, or take it out of credHelpers and credsStore in config.json and sign in again with docker login.`,
      })
    if (error instanceof FailedError && error.code === 'program-timeout')
      throw new FailedError(`${program} did not answer within ${helperTimeoutMilliseconds / 1000} s.`, {
        code: 'credential-helper-timeout',
        hint: tryHelper(program, registry),
      })
    throw error
  }
}

function helperFailed(program: string, registry: string, problem: string): FailedError {
  return new FailedError(`${program} ${problem} when asked for the credentials for ${printable(registry)}.`, {
    code: 'credential-helper-failed',
    hint: tryHelper(program, registry),
  })
}

function tryHelper(program: string, registry: string): string {
  return `See what is wrong with: echo ${printable(serverName(registry))} | ${program} get`
}

/** Looks a registry up in `auths`, whose keys are host names or, from older clients, addresses. */
function credentialsInFile(registry: string, auths: unknown, file: string): Credentials | undefined {
  if (typeof auths !== 'object' || auths === null) return undefined
  const hosts = HUB_HOSTS.includes(registry) ? HUB_HOSTS : [registry]
  const server = serverName(registry)
  const keys = Object.keys(auths).filter((key) => hosts.includes(hostOf(key)))
  // The client's own key first; the others in the order of the file.
  keys.sort((left, right) => Number(right === server) - Number(left === server))
  for (const key of keys) {
    const found = credentialsOfEntry(property(auths, key), key, file)
    if (found !== undefined) return found
  }
  return undefined
}

/** The host of `host`, `https://host`, `https://host/v1/` (docker/cli, cli/config/credentials, ConvertToHostname). */
function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, '').replace(/\/.*$/s, '')
}

/** One entry of `auths`; undefined for the empty ones that docker writes beside a credential helper. */
function credentialsOfEntry(entry: unknown, key: string, file: string): Credentials | undefined {
  const identityToken = property(entry, 'identitytoken')
  if (typeof identityToken === 'string' && identityToken !== '') return {kind: 'token', identityToken, origin: file}
  const auth = property(entry, 'auth')
  if (typeof auth === 'string' && auth !== '') {
    const decoded = Buffer.from(auth, 'base64').toString('utf8')
    // A password may have colons, a user name may not.
    const colon = decoded.indexOf(':')
    if (colon < 1) throw invalidConfig(file, `has no user name and password under ${printable(key)}`)
    const secret = decoded.slice(colon + 1).replace(/\0+$/, '')
    return {kind: 'password', username: decoded.slice(0, colon), secret, origin: file}
  }
  const username = property(entry, 'username')
  const secret = property(entry, 'password')
  if (typeof username !== 'string' || username === '' || typeof secret !== 'string') return undefined
  return {kind: 'password', username, secret, origin: file}
}
