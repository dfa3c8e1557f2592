import {EngineError} from '../engine/engine-error.js'
import {FailedError} from '../error/keg-error.js'
import {formatReference, hubRegistry, type Reference} from '../reference/reference.js'
import {printable} from '../terminal/text.js'
import type {Credentials} from './credentials.js'
import {withoutSecrets} from './without-secrets.js'

/** What was being done when the engine refused. */
export interface RegistryContact {
  readonly action: 'push' | 'pull'
  readonly reference: Reference
  readonly credentials: Credentials
  /** Whether the registry let the credentials in before it refused. */
  readonly wasLetIn?: boolean
}

type Kind =
  | 'registry-certificate'
  | 'registry-insecure'
  | 'registry-unreachable'
  | 'registry-broke-off'
  | 'registry-busy'
  | 'registry-unauthorized'
  | 'registry-denied'
  | 'registry-too-large'
  | 'image-platform-missing'
  | 'image-not-found'
  | 'registry-failed'

/**
 * How engines say it, the most telling first: distribution's client in 20.10, containerd's resolver and pusher in 28.5,
 * and the error codes of https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes.
 */
const SAYINGS: readonly (readonly [RegExp, Kind])[] = [
  [/server gave HTTP response to HTTPS client|first record does not look like a TLS handshake/, 'registry-insecure'],
  [/x509: |tls: |certificate/, 'registry-certificate'],
  [/connection refused|no such host|no route to host|network is unreachable|host is down/i, 'registry-unreachable'],
  [/timeout|timed out|deadline exceeded|server misbehaving|temporary failure in name/i, 'registry-unreachable'],
  [/\b50[234] |bad gateway|service unavailable|gateway time-?out/i, 'registry-unreachable'],
  [/\bEOF\b|connection reset|broken pipe|connection aborted|use of closed network/i, 'registry-broke-off'],
  [/\b429\b|toomanyrequests|too many requests|rate limit/i, 'registry-busy'],
  [/\b413\b|too large/i, 'registry-too-large'],
  [/insufficient_scope/, 'registry-denied'],
  [/no basic auth credentials|\b401\b|unauthorized|unauthenticated|authentication required/i, 'registry-unauthorized'],
  [/authorization failed|incorrect username or password/i, 'registry-unauthorized'],
  [/\b403\b|denied|forbidden/i, 'registry-denied'],
  [/no matching manifest|no match for platform/i, 'image-platform-missing'],
  [/\b404\b|not found|unknown manifest|manifest unknown|name unknown|does not exist/i, 'image-not-found'],
]

const LONGEST_SAID = 300

/**
 * Turns what the engine said of a registry into an error with a stable code and a next step; whatever is no refusal of the
 * engine comes back as it is. The engine's own words are kept in `data.said`, without the credentials if they are in them.
 */
export function registryError(error: unknown, contact: RegistryContact): unknown {
  // What is pulled is written by the engine: without room it is the engine that has none.
  if (!(error instanceof EngineError) || (contact.action === 'pull' && error.isFull)) return error
  const kind = kindOf(error.said, contact.reference)
  const {message, hint} = explain(kind, contact, error.said)
  const told = withoutSecrets(error.said, contact.credentials, contact.reference.registry)
  const said = shorten(told)
  const name = formatReference(contact.reference)
  const kept =
    contact.action === 'push' && kind !== 'image-not-found'
      ? ` The image is kept in the engine; push it again with: docker push ${name}`
      : ''
  return new FailedError(`${message} (${said})`, {
    code: kind,
    hint: `${hint}${kept}`,
    // Nor may what went wrong underneath say more than this.
    cause: told === error.said ? error : new EngineError(error.status, told),
    data: {reference: name, registry: contact.reference.registry, said},
  })
}

/** Whether a push or pull failed because the registry did not take the credentials, or not for this. */
export function isRefusal(error: unknown): boolean {
  return error instanceof FailedError && (error.code === 'registry-unauthorized' || error.code === 'registry-denied')
}

/** Whether a push or pull failed because the registry was not there, or went away in the middle. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof FailedError && (error.code === 'registry-unreachable' || error.code === 'registry-broke-off')
}

function kindOf(said: string, reference: Reference): Kind {
  const bare = withoutNames(said, reference)
  return SAYINGS.find(([saying]) => saying.test(bare))?.[1] ?? 'registry-failed'
}

/** Takes addresses and names out: a repository may well be called `denied` and have a tag 404. */
function withoutNames(said: string, {registry, repository}: Reference): string {
  const words = said.split(' ')
  // Of Docker Hub engines say the short name alone, after these words.
  const short = repository.replace(/^library\//, '')
  const isName = (word: string, index: number): boolean =>
    word.includes('://') ||
    word.includes(`${registry}/${repository}`) ||
    words[index - 1] === 'lookup' ||
    (words[index - 1] === 'for' && word.includes(short))
  return words.filter((word, index) => !isName(word, index)).join(' ')
}

function explain(kind: Kind, contact: RegistryContact, said: string): {message: string; hint: string} {
  const {action, reference, credentials} = contact
  const host = reference.registry
  const name = formatReference(reference)
  const login = host === hubRegistry ? 'docker login' : `docker login ${host}`
  const signedIn = credentials.kind === 'anonymous' ? undefined : printable(credentials.origin)
  switch (kind) {
    case 'registry-unauthorized':
      if (contact.wasLetIn === true)
        return {
          message: `${host} let the ${action} of ${name} begin, and no longer takes ${signedIn === undefined ? 'its token' : `the credentials from ${signedIn}`}.`,
          hint: `Try again; if it stays so, sign in again with: ${login}, or ask for tokens that last longer than a layer takes.`,
        }
      return signedIn === undefined
        ? {message: `${host} wants to know who you are.`, hint: `Sign in with: ${login}.`}
        : {message: `${host} refuses the credentials from ${signedIn}.`, hint: `Sign in again with: ${login}.`}
    case 'registry-denied':
      return signedIn === undefined
        ? {
            message: `${host} does not let just anybody ${action} ${name}.`,
            hint: `Look at the name again; if it is right, sign in with: ${login}.`,
          }
        : {
            message: `${host} does not let you ${action} ${name} with the credentials from ${signedIn}.`,
            hint: `Look at the name again; if it is right, ask for the right to ${action}, or sign in as somebody else with: ${login}.`,
          }
    case 'registry-unreachable': {
      const other = otherServer(said, host)
      return {
        message:
          other === undefined
            ? `The registry ${host} cannot be reached.`
            : `The server ${other}, which ${host} sends the engine to, cannot be reached.`,
        hint: 'Look whether the name is right, the registry runs, and the engine can reach it (network, VPN, proxy).',
      }
    }
    case 'registry-broke-off':
      return {
        message: `The registry ${host} broke off the ${action} of ${name}.`,
        hint: 'Try again: layers that arrived whole are not sent twice.',
      }
    case 'registry-busy':
      return {
        message: `The registry ${host} asks for fewer requests.`,
        hint:
          signedIn === undefined
            ? `Wait a while and try again, or sign in, which often allows more, with: ${login}.`
            : 'Wait a while and try again.',
      }
    case 'registry-too-large':
      return {
        message: `A layer of ${name} is larger than ${host} takes.`,
        hint: 'Leave large mounts out of the image, or raise the limit of the registry or of the proxy before it.',
      }
    case 'registry-certificate':
      return {
        message: `The engine does not trust the certificate of ${host}.`,
        hint: `Put the certificate of its authority where the engine runs: /etc/docker/certs.d/${host}/ca.crt`,
      }
    case 'registry-insecure':
      return {
        message: `The registry ${host} speaks plain HTTP, and the engine insists on HTTPS.`,
        hint: `Give the registry a certificate, or list "${host}" under insecure-registries in the engine's daemon.json.`,
      }
    case 'image-platform-missing':
      return {
        message: `There is no ${name} for the platform of this engine.`,
        hint: 'Ask its author for an image of this platform.',
      }
    case 'image-not-found':
      return action === 'push'
        ? {message: `The engine has no image ${name} to push.`, hint: 'List the images there are with: docker images'}
        : {
            message: `There is no ${name} in the registry ${host}.`,
            hint: 'Look at the name and the tag again; the branch may not have been pushed, or the tag was deleted.',
          }
    case 'registry-failed':
      return {
        message: `The ${action} of ${name} failed.`,
        hint:
          action === 'push'
            ? 'Try again; if it stays so, the log of the registry knows more: one whose storage is full fails like this.'
            : 'Try again; if it stays so, the logs of the engine and of the registry know more.',
      }
  }
}

/** The server of tokens or layers that a refusal is about, where it is not the registry itself. */
function otherServer(said: string, registry: string): string | undefined {
  // Engine 20.10 names the address that it wanted first, and then the one that it was sent to.
  const address = said.match(/https?:\/\/[^\s"]+/g)?.at(-1)
  if (address === undefined || !URL.canParse(address)) return undefined
  const {host} = new URL(address)
  const isRegistry = host === registry || new URL(`${new URL(address).protocol}//${registry}`).host === host
  return isRegistry || (registry === hubRegistry && host.startsWith('registry-1.')) ? undefined : printable(host)
}

function shorten(said: string): string {
  return said.length <= LONGEST_SAID ? said : `${said.slice(0, LONGEST_SAID)}…`
}
