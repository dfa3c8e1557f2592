import {expect} from 'chai'
import {RegistryFailure} from '../../../src/lib/registry/client/registry-failure.js'
import {EngineError} from '../../../src/lib/engine/engine-error.js'
import type {FailedError} from '../../../src/lib/error/keg-error.js'
import {parseReference} from '../../../src/lib/reference/reference.js'
import {failureKind, type FailureKind} from '../../../src/lib/registry/failure-kind.js'
import {registryError} from '../../../src/lib/registry/registry-error.js'

const name = '127.0.0.1:5999/acme/app:t1'
const reference = parseReference(name)
const at = 'http://127.0.0.1:5999/v2/acme/app'
const digest = `sha256:${'8'.repeat(64)}`

/** From containerd's pusher in 26.1, without the registry's message. */
const posted = (status: string): string => `unexpected status from POST request to ${at}/blobs/uploads/: ${status}`
const put = (status: string): string =>
  `failed commit on ref "config-${digest}": unexpected status from PUT request to ${at}/blobs/uploads/u-1?digest=${digest}: ${status}`
const tagged = (status: string): string =>
  `failed commit on ref "manifest-${digest}": unexpected status from PUT request to ${at}/manifests/t1: ${status}`

const missing = "The repository with name 'acme/app' does not exist in the registry with id '123456789012'"
const immutable =
  "The image tag 't1' already exists in the 'acme/app' repository and cannot be overwritten because the repository is immutable."
const quota =
  'adding 12.0 MiB of storage resource, which when updated to current usage of 95.0 MiB will exceed the configured upper limit of 100.0 MiB.'

/**
 * Answers of registries to a push, as engines pass them on: recorded from 20.10.24 (code and message), 26.1.5 (only the
 * status) and 28.5.2 ("error from registry", without the code) with a registry that answers like the one named.
 */
const pushes: Readonly<Record<string, readonly string[]>> = {
  // ECR; Harbor without the project.
  'repository-missing': [
    `name unknown: ${missing}`,
    `error from registry: ${missing}`,
    posted('404 Not Found'),
    `unexpected status from POST request to ${at}/blobs/uploads/?mount=${digest}&from=other/app: 404 Not Found`,
    'unknown: project acme not found',
    'error from registry: project acme not found',
    'name unknown: repository name not known to registry',
  ],
  // ECR, Harbor, Google, Nexus.
  'tag-immutable': [
    `tag invalid: ${immutable}`,
    `error from registry: ${immutable}`,
    "unknown: Failed to process request due to 'app:t1' configured as immutable.",
    "error from registry: The image tag 't1' already exists",
    'manifest invalid: cannot update tag t1. The repository has enabled tag immutability',
    tagged('412 Precondition Failed'),
    tagged('409 Conflict'),
    'error from registry: Repository does not allow updating assets: docker',
  ],
  'manifest-refused': [tagged('400 Bad Request')],
  // Harbor; a registry on a full disk.
  'registry-full': [
    `denied: ${quota}`,
    `error from registry: ${quota}`,
    'unknown: storage quota exceeded',
    'error from registry: filesystem: write /var/lib/registry: no space left on device',
    'received unexpected HTTP status: 507 Insufficient Storage',
  ],
  'upload-lost': [
    'blob upload unknown',
    'error from registry: blob upload unknown to registry',
    put('404 Not Found'),
    put('400 Bad Request'),
    'digest invalid',
    'error from registry: provided digest did not match uploaded content',
    'manifest blob unknown',
  ],
  // Distribution; Azure with a locked repository.
  'registry-read-only': [
    'unsupported',
    'error from registry: unsupported unsupported',
    'error from registry: registry is in read-only mode',
    posted('405 Method Not Allowed'),
    tagged('405 Method Not Allowed'),
    'unsupported: The operation is disallowed on this registry, repository or image.',
  ],
  // GitHub; Harbor.
  'registry-denied': [
    'denied: permission_denied: The token provided does not match expected scopes.',
    'error from registry: permission_denied: The token provided does not match expected scopes.',
    'error from registry: installation not allowed to Write organization package',
    'error from registry: unauthorized to access repository: acme/app, action: push: unauthorized to access repository: acme/app, action: push',
    posted('403 Forbidden'),
    tagged('403 Forbidden'),
    'error from registry: denied denied',
  ],
  'registry-unauthorized': ['unauthorized', posted('401 Unauthorized')],
  'registry-busy': ['toomanyrequests: slow down', posted('429 Too Many Requests')],
  'registry-too-large': [tagged('413 Payload Too Large')],
  'repository-name-refused': ['name invalid: invalid repository name', 'error from registry: invalid repository name'],
  'not-a-registry': [
    'error parsing HTTP 404 response body: invalid character \'<\' looking for beginning of value: "<html><head><title>404 Not Found</title></head></html>"',
    'received unexpected HTTP status: 200 OK',
    `failed commit on ref "manifest-${digest}": invalid content digest in response: invalid checksum digest format`,
  ],
  'registry-proxy': [
    'Get "https://a.example/v2/": proxyconnect tcp: dial tcp 10.0.0.1:3128: connect: connection refused',
    'Get "https://a.example/v2/": Proxy Authentication Required',
  ],
  'registry-unreachable': ['received unexpected HTTP status: 503 Service Unavailable', posted('502 Bad Gateway')],
  'registry-failed': [
    'received unexpected HTTP status: 500 Internal Server Error',
    posted('500 Internal Server Error'),
  ],
  'image-not-found': [
    `tag does not exist: ${name}`,
    'An image does not exist locally with the tag: 127.0.0.1:5999/acme/app',
  ],
}

function pushError(said: string, more: {readonly leaves?: 'nothing'; readonly name?: string} = {}): FailedError {
  const contact = {
    action: 'push',
    reference: parseReference(more.name ?? name),
    credentials: {kind: 'anonymous'},
  } as const
  return registryError(new EngineError(0, said), {...contact, ...(more.leaves && {leaves: more.leaves})}) as FailedError
}

describe('kind of a failed push', () => {
  for (const [kind, sayings] of Object.entries(pushes))
    for (const said of sayings)
      it(`is ${kind}: ${said.slice(0, 120)}`, () => {
        expect(failureKind(said, 'push', reference)).to.equal(kind)
        const error = pushError(said)
        expect(error.code).to.equal(kind)
        // The registry's own message is never lost, and the image is not reported as missing unless it is.
        expect(error.message).to.contain(said.slice(0, 40))
        if (kind !== 'image-not-found') {
          expect(error.message).not.to.contain('engine has no image')
          expect(error.hint).to.contain('kept in the engine').and.to.contain('docker push ')
        }
      })

  it('is about the image if a pull gets the same answer', () => {
    const pulls: readonly (readonly [string, FailureKind])[] = [
      [`name unknown: ${missing}`, 'image-not-found'],
      ['received unexpected HTTP status: 503 Service Unavailable', 'registry-unreachable'],
      ['unsupported', 'registry-failed'],
      ['manifest for 127.0.0.1:5999/acme/immutable:t1 not found: manifest unknown', 'image-not-found'],
    ]
    for (const [said, kind] of pulls) expect(failureKind(said, 'pull', reference), said).to.equal(kind)
  })

  it('is not read from the name of the pushed image', () => {
    const quoted = "name unknown: The repository with name 'immutable/quota' does not exist in the registry with id '1'"
    expect(failureKind(quoted, 'push', parseReference('127.0.0.1:5999/immutable/quota:t1'))).to.equal(
      'repository-missing',
    )
  })

  it('advises another tag if the same tag cannot be pushed', () => {
    const {hint} = pushError(`tag invalid: ${immutable}`)
    expect(hint).to.contain('-t TAG').and.to.contain('keg docker package push 127.0.0.1:5999/acme/app:OTHER')
    expect(hint).not.to.contain(`push ${name}`)
  })

  it('says how to create a repository, with the line for ECR', () => {
    expect(pushError(posted('404 Not Found')).message).to.contain('no repository acme/app')
    const ecr = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme/app:t1'
    expect(pushError(`name unknown: ${missing}`, {name: ecr}).hint).to.contain(
      'aws ecr create-repository --region eu-west-1 --repository-name acme/app',
    )
  })

  it('names the scope to request on GitHub', () => {
    const contact = {action: 'push', reference: parseReference('ghcr.io/acme/app:t1')} as const
    const credentials = {kind: 'password', username: 'ann', secret: 'sw0rdfish', origin: 'DOCKER_AUTH_CONFIG'} as const
    const {hint} = registryError(new EngineError(0, 'denied: no'), {...contact, credentials}) as FailedError
    expect(hint).to.contain('write:packages').and.to.contain('unset DOCKER_AUTH_CONFIG')
  })

  it('does not say that an image is kept before it was made', () => {
    expect(pushError('denied', {leaves: 'nothing'}).hint).not.to.contain('kept')
  })

  describe('by keg itself', () => {
    const contact = {action: 'push', reference, credentials: {kind: 'anonymous'}} as const
    const hint = (kind: FailureKind, leaves?: 'layers'): string =>
      (registryError(new RegistryFailure(kind, 'no'), {...contact, ...(leaves && {leaves})}) as FailedError).hint ?? ''
    const all = Object.keys(pushes) as FailureKind[]
    const routes: readonly FailureKind[] = [
      ...(['registry-proxy', 'registry-certificate', 'registry-insecure', 'registry-unreachable'] as const),
    ]

    it('is repeated by packaging again, unless the same would be refused again', () => {
      for (const kind of all) {
        expect(hint(kind, 'layers'), kind).to.match(/ayers that have arrived are not sent again\.$/)
        expect(hint(kind, 'layers'), kind).not.to.contain('engine. Push')
        const isSame = kind !== 'tag-immutable' && kind !== 'manifest-refused'
        expect(hint(kind, 'layers').includes('Then package it again'), kind).to.equal(isSame)
      }
    })

    it('can be left to the engine if only the way is the problem, before anything was sent', () => {
      for (const kind of new Set([...all, ...routes])) {
        expect(hint(kind).includes('--via engine'), kind).to.equal(routes.includes(kind))
        expect(hint(kind), kind).not.to.contain('package it again')
      }
    })
  })
})
