import {EngineError} from '../engine/engine-error.js'
import {FailedError, RefusedError} from '../error/keg-error.js'
import {formatReference, hubRegistry, type Reference} from '../reference/reference.js'
import {commandLine} from '../terminal/command-line.js'
import {cutColumns} from '../terminal/columns.js'
import {printable} from '../terminal/text.js'
import {RegistryFailure} from './client/registry-failure.js'
import {AUTH_VARIABLE} from './credentials.js'
import {failureKind, type FailureKind} from './failure-kind.js'
import {redactSecrets} from './redact-secrets.js'
import type {Credentials} from './model.js'

/** What was being done when the engine, or keg's own request, failed. */
export interface RegistryContact {
  readonly action: 'push' | 'pull'
  readonly reference: Reference
  readonly credentials: Credentials
  /** Whether the registry accepted the credentials before it refused. */
  readonly wasAccepted?: boolean
  /**
   * What a failed push leaves: the `image` in the engine, so that the push can be repeated (default if the engine pushes), the `layers`
   * that arrived in the registry, or `nothing` (default if keg does).
   */
  readonly leaves?: 'image' | 'layers' | 'nothing'
}

const MAX_RESPONSE_LENGTH = 300

/**
 * Turns an engine's message about a registry, or the failure of a request of keg's own, into an error with a stable code and a
 * next step; returns any other error unchanged. The message is kept in `data.said`, without credentials.
 */
export function registryError(error: unknown, contact: RegistryContact): unknown {
  if (error instanceof RegistryFailure && error.isDamaged && contact.action === 'pull') return damaged(error, contact)
  if (error instanceof RegistryFailure)
    return explained(error.kind, error.response, {leaves: 'nothing', ...contact, client: 'keg', cause: error})
  // A pulled image is written by the engine: if there is no space, it is the engine's.
  if (!(error instanceof EngineError) || (contact.action === 'pull' && error.isFull)) return error
  const kind = failureKind(error.response, contact.action, contact.reference)
  const redacted = redactSecrets(error.response, contact.credentials, contact.reference.registry)
  // The cause must not reveal more than this.
  const cause = redacted === error.response ? error : new EngineError(error.status, redacted)
  return explained(kind, redacted, {leaves: 'image', ...contact, client: 'engine', cause})
}

/** Who asked the registry: the engine, or keg itself. */
interface ClientContact extends RegistryContact {
  readonly client: 'engine' | 'keg'
}

function explained(
  kind: FailureKind,
  said: string,
  {cause, ...contact}: ClientContact & {readonly cause: Error},
): FailedError {
  const {message, hint} = explain(kind, contact, said)
  const response = shorten(said)
  const name = formatReference(contact.reference)
  return new FailedError(`${message} (${response})`, {
    code: kind,
    hint: contact.action === 'push' ? `${hint}${nextPush(kind, contact)}` : hint,
    cause,
    data: {reference: name, registry: contact.reference.registry, said: response},
  })
}

/** The error for an image that is not what its own digests say. */
function damaged(failure: RegistryFailure, {reference}: RegistryContact): RefusedError {
  const name = formatReference(reference)
  const response = shorten(failure.response)
  return new RefusedError(`${name} is damaged in the registry ${reference.registry}, or on the way. (${response})`, {
    code: 'registry-damaged',
    hint: 'Try again. If it happens again, ask for a new package: what is there is not what was pushed.',
    cause: failure,
    data: {reference: name, registry: reference.registry, said: response},
  })
}

/** Whether a push or pull failed because the registry rejected the credentials, or does not allow this with them. */
export function isRefusal(error: unknown): boolean {
  return error instanceof FailedError && (error.code === 'registry-unauthorized' || error.code === 'registry-denied')
}

/** Whether a push or pull failed because the registry was unreachable, or broke off. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof FailedError && (error.code === 'registry-unreachable' || error.code === 'registry-broke-off')
}

function explain(kind: FailureKind, contact: ClientContact, response: string): {message: string; hint: string} {
  const {action, client, reference, credentials} = contact
  const byEngine = client === 'engine'
  const sender = byEngine ? 'the engine' : 'keg'
  const host = reference.registry
  const name = formatReference(reference)
  // Docker's client calls docker.io Docker Hub.
  const login = commandLine`docker login ${host}`
  const credentialsOrigin = credentials.kind === 'anonymous' ? undefined : printable(credentials.origin)
  // The variable takes precedence over what docker login stores.
  const unset = credentialsOrigin === AUTH_VARIABLE ? `correct or unset ${AUTH_VARIABLE}, or ` : ''
  switch (kind) {
    case 'registry-unauthorized':
      if (contact.wasAccepted === true)
        return {
          message: `During the ${action} of ${name}, ${host} stopped accepting ${credentialsOrigin === undefined ? 'its token' : `the credentials from ${credentialsOrigin}`}.`,
          hint: `Try again. If it happens again, sign in again with: ${login}, or ask for tokens that are valid for longer.`,
        }
      return credentialsOrigin === undefined
        ? {message: `${host} requires a login.`, hint: `Sign in with: ${login}.`}
        : {
            message: `${host} refuses the credentials from ${credentialsOrigin}.`,
            hint:
              unset === ''
                ? `Sign in again with: ${login}.`
                : `Correct ${AUTH_VARIABLE}, or unset it and sign in with: ${login}.`,
          }
    case 'registry-denied':
      return credentialsOrigin === undefined
        ? {
            message: `${host} does not let anonymous users ${action} ${name}.`,
            hint: `Check the name. If it is right, sign in with: ${login}.`,
          }
        : {
            message: `${host} does not let you ${action} ${name} with the credentials from ${credentialsOrigin}.`,
            hint: `Check the name. If it is right, ${unset}${rightTo(contact)}, or sign in as another user with: ${login}.`,
          }
    case 'registry-unreachable': {
      const other = otherServer(response, host)
      return {
        message:
          other === undefined
            ? `The registry ${host} cannot be reached.`
            : `The server ${other}, to which ${host} redirects ${sender}, cannot be reached.`,
        hint: `Check that the name is right, the registry runs, and ${sender} can reach it (network, VPN, proxy).`,
      }
    }
    case 'registry-broke-off':
      return {
        message: `The registry ${host} interrupted the ${action} of ${name}.`,
        hint: contact.leaves === 'layers' ? 'Wait until it answers.' : 'Try again: complete layers are not sent again.',
      }
    case 'registry-busy':
      return {
        message: `The registry ${host} limits the number of requests.`,
        hint:
          credentialsOrigin === undefined
            ? `Wait a while and try again, or sign in, which often allows more, with: ${login}.`
            : 'Wait a while and try again.',
      }
    case 'registry-too-large':
      return {
        message: `A layer of ${name} is larger than ${host} accepts.`,
        hint: 'Exclude large mounts from the image, or raise the limit of the registry or of the proxy in front of it.',
      }
    case 'registry-full':
      return {
        message: `${host} has no space left for ${name}.`,
        hint: 'Delete unused images there, or increase its quota or storage. --exclude-mount makes the package smaller.',
      }
    case 'registry-read-only':
      return {
        message: `${host} does not accept pushes at the moment, or not for ${name}.`,
        hint: 'It may be read-only or under maintenance, or this repository or tag may be locked: ask its administrator, or push elsewhere with --registry or -t.',
      }
    case 'upload-lost':
      return {
        message: `The registry ${host} lost the upload of ${name}.`,
        hint: 'Try again. If it happens again, several servers behind that name may not share their uploads: ask its administrator.',
      }
    case 'repository-missing':
      return {
        message: `The registry ${host} has no repository ${printable(reference.repository)}, and does not create one by itself.`,
        hint: `Create it there${creation(reference)}, or check --registry and --name.`,
      }
    case 'repository-name-refused':
      return {
        message: `The registry ${host} does not accept a repository named ${printable(reference.repository)}.`,
        hint: 'Choose another name with --name, or the namespace or project that it requires with --registry HOST/NAMESPACE.',
      }
    case 'tag-immutable':
      return {
        message: `${name} exists already, and ${host} does not allow tags to be moved.`,
        hint: 'Package it under another tag with -t TAG, or have the tag deleted there.',
      }
    case 'manifest-refused':
      return {
        message: `The registry ${host} accepted the layers of ${name}, but not the image itself.`,
        hint: 'Its tags may be immutable: try another one with -t TAG, or see the log of the registry.',
      }
    case 'not-a-registry':
      return {
        message: `${host} is not a registry, or has none at that path.`,
        hint: 'Check --registry (its port, and the namespace after it). A login page or a proxy may answer in its place.',
      }
    case 'registry-proxy':
      return {
        message: `The proxy between ${sender} and ${host} refuses the connection.`,
        hint: byEngine
          ? `Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY of the engine: ${commandLine`docker info`} shows them.`
          : 'Check HTTP_PROXY, HTTPS_PROXY and NO_PROXY.',
      }
    case 'registry-certificate':
      return {
        message: `${byEngine ? 'The engine' : 'keg'} does not trust the certificate of ${host}.`,
        hint: `Install the certificate of its authority${byEngine ? ' on the machine of the engine' : ''}: /etc/docker/certs.d/${host}/ca.crt`,
      }
    case 'registry-insecure':
      return {
        message: `The registry ${host} uses plain HTTP, and ${sender} requires HTTPS.`,
        hint: `Give the registry a certificate, or list "${host}" under insecure-registries in the engine's daemon.json.`,
      }
    case 'image-platform-missing':
      return {
        message: `There is no ${name} for ${byEngine ? 'the platform of this engine' : 'this platform'}.`,
        hint: 'Ask its author for an image of this platform.',
      }
    case 'image-not-found':
      return action === 'push'
        ? {
            message: `The engine has no image ${name} to push.`,
            hint: `List the images there are with: ${commandLine`docker images`}`,
          }
        : {
            message: `There is no ${name} in the registry ${host}.`,
            hint: 'Check the name and the tag. The branch may not have been pushed, or the tag was deleted.',
          }
    case 'registry-failed':
      return {
        message: `The ${action} of ${name} failed.`,
        hint:
          action === 'push'
            ? 'Try again. If it happens again, see the log of the registry: its storage may be full.'
            : `Try again. If it happens again, see the ${byEngine ? 'logs of the engine and' : 'log'} of the registry.`,
      }
  }
}

/** The permission to ask for, in the usual term. */
function rightTo({action, reference}: RegistryContact): string {
  if (action === 'push' && reference.registry === 'ghcr.io') return 'ask for a token with the scope write:packages'
  return `ask for the right to ${action}`
}

/** How to create a repository where it has to exist first. */
function creation({registry, repository}: Reference): string {
  const [, region] = /\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\./.exec(registry) ?? []
  return region === undefined
    ? ''
    : ` (aws ecr create-repository --region ${region} --repository-name ${printable(repository)})`
}

/** How to push after all, once the reason for the failure is gone. */
function nextPush(kind: FailureKind, contact: ClientContact): string {
  switch (contact.leaves) {
    case 'image':
      return keptHint(kind, contact)
    case 'layers':
      return againHint(kind)
    default:
      return contact.client === 'keg' && ROUTE_KINDS.includes(kind)
        ? ' If the engine can reach it, let that push, with --via engine.'
        : ''
  }
}

/** Failures on the way to a registry: the engine may have another one. */
const ROUTE_KINDS: readonly FailureKind[] = [
  'registry-proxy',
  'registry-certificate',
  'registry-insecure',
  'registry-unreachable',
]

/** What becomes of a package that keg itself pushed and that is nowhere else. */
function againHint(kind: FailureKind): string {
  const arrived = 'ayers that have arrived are not sent again.'
  // The same package would be refused again.
  if (kind === 'tag-immutable' || kind === 'manifest-refused') return ` L${arrived}`
  return ` Then package it again: l${arrived}`
}

/** The command that pushes the kept image: to the same name if that can work, otherwise to another one. */
function keptHint(kind: FailureKind, {reference}: RegistryContact): string {
  const name = formatReference(reference)
  switch (kind) {
    case 'image-not-found':
    case 'image-platform-missing':
      return ''
    case 'tag-immutable':
    case 'manifest-refused': {
      const other = `${formatReference({registry: reference.registry, repository: reference.repository})}:OTHER`
      return ` The image is kept in the engine. Give it another tag with: ${commandLine`docker tag ${name} ${other}`}, and push that with: ${commandLine`keg docker package push ${other}`} (or ${commandLine`docker push ${other}`})`
    }
    default:
      return ` The image is kept in the engine. Push it again with: ${commandLine`keg docker package push ${name}`} (or ${commandLine`docker push ${name}`})`
  }
}

/** The token or layer server that a refusal is about, if it is not the registry itself. */
function otherServer(response: string, registry: string): string | undefined {
  // Engine 20.10 names the requested address first, and then the one that it was redirected to.
  const address = response.match(/https?:\/\/[^\s"]+/g)?.at(-1)
  if (address === undefined || !URL.canParse(address)) return undefined
  const {host} = new URL(address)
  const isRegistry = host === registry || new URL(`${new URL(address).protocol}//${registry}`).host === host
  return isRegistry || (registry === hubRegistry && host.startsWith('registry-1.')) ? undefined : printable(host)
}

function shorten(response: string): string {
  return cutColumns(response, MAX_RESPONSE_LENGTH, '…')
}
