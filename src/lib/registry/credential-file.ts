import {readFile} from 'node:fs/promises'
import {homedir} from 'node:os'
import {isAbsolute, join} from 'node:path'
import {dockerConfigFolder} from '../engine/endpoint.js'
import {FailedError} from '../error/keg-error.js'
import {parseJson, property} from '../json/json.js'
import {printable} from '../terminal/text.js'
import type {Credentials} from './model.js'
import {HUB_SERVER, HUB_HOSTS, serverName} from './server-name.js'

/** A file with credentials, which may be missing. podman's has docker's format, except for its keys. */
export interface CredentialFile {
  readonly path: string
  readonly owner: 'docker' | 'podman'
}

/** The name of a repository, in the two parts that the files distinguish. */
interface Repository {
  readonly registry: string
  readonly repository: string
}

/**
 * The files in reading order: docker's, then podman's. `$REGISTRY_AUTH_FILE` replaces all of podman's; without it they are
 * `containers/auth.json` in `$XDG_RUNTIME_DIR` (or podman's own folder for it) and in `$XDG_CONFIG_HOME`
 * (containers-auth.json(5)).
 */
export function credentialFiles(environment: NodeJS.ProcessEnv): readonly CredentialFile[] {
  const podman = (path: string): CredentialFile => ({path, owner: 'podman'})
  const docker: CredentialFile = {path: join(dockerConfigFolder(environment), 'config.json'), owner: 'docker'}
  const {HOME, REGISTRY_AUTH_FILE, XDG_CONFIG_HOME, XDG_RUNTIME_DIR} = environment
  if (REGISTRY_AUTH_FILE) return [docker, podman(REGISTRY_AUTH_FILE)]
  const settings = XDG_CONFIG_HOME && isAbsolute(XDG_CONFIG_HOME) ? XDG_CONFIG_HOME : join(HOME || homedir(), '.config')
  const user = process.getuid?.()
  const runtime = XDG_RUNTIME_DIR
    ? [join(XDG_RUNTIME_DIR, 'containers')]
    : user === undefined
      ? []
      : [`/run/containers/${user}`]
  return [docker, ...[...runtime, join(settings, 'containers')].map((folder) => podman(join(folder, 'auth.json')))]
}

/** The content of a file; undefined if it is missing or empty. */
export async function readCredentialFile(file: CredentialFile): Promise<unknown> {
  let text: string
  try {
    text = await readFile(file.path, 'utf8')
  } catch (cause) {
    const code = property(cause, 'code')
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new FailedError(`${printable(file.path)} cannot be read.`, {
      code: file.owner === 'docker' ? 'docker-config-unreadable' : 'podman-auth-unreadable',
      hint: 'Make it readable for your user, or remove it.',
      cause,
    })
  }
  // docker ignores an empty file too.
  if (text.trim() === '') return undefined
  // The parser's error is left out of `cause`: it quotes the text, which contains passwords.
  const config = parseJson(text)
  if (typeof config === 'object' && config !== null) return config
  throw invalid(file, 'is not a JSON object')
}

/**
 * The credential helper that a file names for a registry, without `docker-credential-`, and the registry's name for the helper.
 * docker's file may name one for all registries.
 */
export function helperOf(
  config: unknown,
  registry: string,
  file: CredentialFile,
): {readonly helper: string; readonly server: string} | undefined {
  const helpers = property(config, 'credHelpers')
  const names = HUB_HOSTS.includes(registry) ? [HUB_SERVER, ...HUB_HOSTS] : [registry]
  const own = names.map((name) => property(helpers, name)).find((helper) => typeof helper === 'string')
  // An empty name means that this registry's credentials are in the file, whatever the common helper is.
  const helper = own ?? (file.owner === 'docker' ? property(config, 'credsStore') : undefined)
  if (typeof helper !== 'string' || helper === '') return undefined
  if (/^[A-Za-z0-9._-]+$/.test(helper))
    return {helper, server: file.owner === 'docker' ? serverName(registry) : registry}
  throw new FailedError(`${printable(file.path)} names an invalid credential helper: ${printable(helper)}`, {
    code: 'credential-helper-invalid',
    hint: 'A helper is named by what follows docker-credential- in the name of its program: letters, digits, ".", "_" and "-".',
  })
}

/** The credentials for a repository in a file's own `auths`. */
export function keptCredentials(config: unknown, wanted: Repository, file: CredentialFile): Credentials | undefined {
  const auths = property(config, 'auths')
  if (typeof auths !== 'object' || auths === null) return undefined
  const keys = file.owner === 'docker' ? dockerKeys(Object.keys(auths), wanted) : podmanKeys(Object.keys(auths), wanted)
  for (const key of keys) {
    const found = credentialsOfEntry(property(auths, key), key, file)
    if (found !== undefined) return found
  }
  return undefined
}

/** The keys for a registry: host names or, from older clients, addresses. The client's own key comes first. */
function dockerKeys(keys: readonly string[], {registry}: Repository): readonly string[] {
  const server = serverName(registry)
  return keys
    .filter((key) => hostsOf(registry).includes(hostOf(key)))
    .sort((left, right) => Number(right === server) - Number(left === server))
}

/** podman's keys name a registry, or a repository or namespace in it, which takes precedence: the longest match comes first. */
function podmanKeys(keys: readonly string[], {registry, repository}: Repository): readonly string[] {
  const parts = repository.split('/')
  const paths = parts.map((_, index) => `/${parts.slice(0, parts.length - index).join('/')}`)
  const names = [...paths, ''].flatMap((path) => hostsOf(registry).map((host) => `${host}${path}`))
  const addresses = keys.filter((key) => /^https?:\/\//.test(key) && hostsOf(registry).includes(hostOf(key)))
  return [...names.filter((name) => keys.includes(name)), ...addresses]
}

function hostsOf(registry: string): readonly string[] {
  return HUB_HOSTS.includes(registry) ? HUB_HOSTS : [registry]
}

/** The host of `host`, `https://host`, `https://host/v1/` (docker/cli, cli/config/credentials, ConvertToHostname). */
function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, '').replace(/\/.*$/s, '')
}

/** One entry of `auths`; undefined for the empty ones that docker writes beside a credential helper. */
function credentialsOfEntry(entry: unknown, key: string, file: CredentialFile): Credentials | undefined {
  const origin = file.path
  const identityToken = property(entry, 'identitytoken')
  if (typeof identityToken === 'string' && identityToken !== '') return {kind: 'token', identityToken, origin}
  const auth = property(entry, 'auth')
  if (typeof auth === 'string' && auth !== '') {
    const decoded = Buffer.from(auth, 'base64').toString('utf8')
    // A password can have colons, a user name cannot.
    const colon = decoded.indexOf(':')
    if (colon < 1) throw invalid(file, `has no user name and password under ${printable(key)}`)
    const secret = decoded.slice(colon + 1).replace(/\0+$/, '')
    return {kind: 'password', username: decoded.slice(0, colon), secret, origin}
  }
  const username = property(entry, 'username')
  const secret = property(entry, 'password')
  if (typeof username !== 'string' || username === '' || typeof secret !== 'string') return undefined
  if (username.includes(':')) throw invalid(file, `has a user name with a colon under ${printable(key)}`)
  return {kind: 'password', username, secret, origin}
}

function invalid({owner, path}: CredentialFile, problem: string): FailedError {
  return new FailedError(`${printable(path)} ${problem}.`, {
    code: owner === 'docker' ? 'docker-config-invalid' : 'podman-auth-invalid',
    hint: `Fix or remove the file, then sign in again with ${owner} login.`,
  })
}
