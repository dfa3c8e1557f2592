import {expect} from 'chai'
import {inspect} from 'node:util'
import {EngineError} from '../../../src/lib/engine/engine-error.js'
import {FailedError, MissingError} from '../../../src/lib/error/keg-error.js'
import {parseReference} from '../../../src/lib/reference/reference.js'
import {isRefusal, isUnreachable, registryError} from '../../../src/lib/registry/registry-error.js'
import type {Credentials} from '../../../src/lib/registry/model.js'

const name = '127.0.0.1:5010/team/app:dev'
const signedIn: Credentials = {kind: 'password', username: 'ann', secret: 'sw0rdfish', origin: '/config.json'}
const blob = 'http://127.0.0.1:5010/v2/team/app/blobs/sha256:f23f'
const manifest = 'http://127.0.0.1:5010/v2/team/app/manifests/dev'

interface Circumstances {
  readonly action?: 'push' | 'pull'
  readonly reference?: string
  readonly credentials?: Credentials
}

function turned(said: string, circumstances: Circumstances = {}): FailedError {
  const {action = 'push', reference = name, credentials = {kind: 'anonymous'}} = circumstances
  const error = registryError(new EngineError(0, said), {action, reference: parseReference(reference), credentials})
  expect(error).to.be.instanceOf(FailedError)
  return error as FailedError
}

/**
 * Messages of engines: 20.10.24 with a classic image store, 28.5.2 with containerd's, and registries with messages of their
 * own.
 */
const sayings: Readonly<Record<string, readonly string[]>> = {
  'registry-unauthorized': [
    'no basic auth credentials',
    'unauthorized: authentication required',
    'unauthorized',
    `Head "${manifest}": no basic auth credentials`,
    `unknown: unexpected status from HEAD request to ${blob}: 401 Unauthorized`,
    'push access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials',
    'failed to resolve reference "127.0.0.1:5010/team/app:dev": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials',
    'Get "https://registry-1.docker.io/v2/": unauthorized: incorrect username or password',
    'unauthorized: unauthenticated: User cannot be authenticated with the token provided.',
  ],
  'registry-denied': [
    'denied',
    'denied: requested access to the resource is denied',
    'denied: permission_denied: write_package',
    'denied: access forbidden',
    'error parsing HTTP 403 response body: unexpected end of JSON input: ""',
    `unknown: unexpected status from HEAD request to ${blob}: 403 Forbidden`,
    "pull access denied for team/app, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    'pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
  ],
  'registry-unreachable': [
    'Get "http://127.0.0.1:5010/v2/": dial tcp 127.0.0.1:5010: connect: connection refused',
    `failed to do request: Head "${blob}": dial tcp 127.0.0.1:5010: connect: connection refused`,
    'Get "https://nowhere.invalid/v2/": dial tcp: lookup nowhere.invalid on 10.0.0.2:53: no such host',
    'Get "https://10.9.9.9/v2/": dial tcp 10.9.9.9:443: connect: no route to host',
    'Get "https://10.9.9.9/v2/": dial tcp 10.9.9.9:443: i/o timeout',
    'Get "https://a.example/v2/": net/http: TLS handshake timeout',
    'Get "https://a.example/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
    'Get "https://a.example/v2/": context deadline exceeded',
    'received unexpected HTTP status: 503 Service Unavailable',
    `unknown: unexpected status from HEAD request to ${blob}: 502 Bad Gateway`,
  ],
  'registry-broke-off': [
    'unexpected EOF',
    'Get "http://127.0.0.1:5010/v2/": EOF',
    `Patch "${blob}": write tcp 127.0.0.1:1->127.0.0.1:5010: write: connection reset by peer`,
    `failed to copy: failed to do request: Put "${blob}": readfrom tcp 127.0.0.1:1->127.0.0.1:5010: write tcp 127.0.0.1:1->127.0.0.1:5010: write: broken pipe`,
    `failed to copy: httpReadSeeker: failed open: failed to do request: Get "${blob}": read tcp 127.0.0.1:1->127.0.0.1:5010: read: connection reset by peer`,
  ],
  'registry-busy': [
    'toomanyrequests: slow down',
    'toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit',
    `unknown: unexpected status from HEAD request to ${blob}: 429 Too Many Requests`,
  ],
  'registry-too-large': [
    'error parsing HTTP 413 response body: invalid character \'<\' looking for beginning of value: "<html>\\r\\n<head><title>413 Request Entity Too Large"',
    `unknown: unexpected status from PUT request to ${blob}: 413 Payload Too Large`,
  ],
  'registry-certificate': [
    'Get "https://a.example/v2/": x509: certificate signed by unknown authority',
    'Get "https://a.example/v2/": tls: failed to verify certificate: x509: certificate is valid for b.example, not a.example',
    'Get "https://a.example/v2/": x509: certificate has expired or is not yet valid',
    'Get "https://a.example/v2/": remote error: tls: bad certificate',
  ],
  'registry-insecure': [
    'Get "https://10.0.0.5:5000/v2/": http: server gave HTTP response to HTTPS client',
    `failed to do request: Head "https://10.0.0.5:5000/v2/app": http: server gave HTTP response to HTTPS client`,
    'Get "https://10.0.0.5:5000/v2/": tls: first record does not look like a TLS handshake',
  ],
  'image-platform-missing': [
    'no matching manifest for linux/amd64 in the manifest list entries',
    'no match for platform in manifest: not found',
  ],
  'image-not-found': [
    'manifest for 127.0.0.1:5010/team/app:dev not found: manifest unknown: manifest unknown',
    'failed to resolve reference "127.0.0.1:5010/team/app:dev": 127.0.0.1:5010/team/app:dev: not found',
    'tag does not exist: 127.0.0.1:5010/team/app:dev',
    'An image does not exist locally with the tag: 127.0.0.1:5010/team/app',
  ],
  'registry-failed': [
    'received unexpected HTTP status: 500 Internal Server Error',
    `unknown: unexpected status from HEAD request to ${blob}: 500 Internal Server Error`,
    'blob upload invalid',
    'error from registry: unknown unknown',
  ],
}

describe('registryError', () => {
  for (const [code, said] of Object.entries(sayings)) {
    for (const words of said) {
      it(`is ${code}: ${words}`, () => {
        for (const action of ['push', 'pull'] as const) {
          const error = turned(words, {action})
          expect(error.code).to.equal(code)
          expect(error.hint).to.match(/\S/)
          expect(error.data).to.deep.include({reference: name, registry: '127.0.0.1:5010'})
        }
      })
    }
  }

  it('is not read from the name of the image or a host', () => {
    const reference = 'denied.example:5000/unauthorized/x509/401:404'
    const inside = 'denied.example:5000/unauthorized/x509/401'
    for (const [said, code] of [
      [`failed to resolve reference "${reference}": ${reference}: not found`, 'image-not-found'],
      [`manifest for ${reference} not found: manifest unknown: manifest unknown`, 'image-not-found'],
      [
        `failed to do request: Head "https://denied.example:5000/v2/unauthorized/EOF/blobs/401": boom`,
        'registry-failed',
      ],
      [
        'Get "https://denied.example:5000/v2/": dial tcp: lookup denied.example on 10.0.0.2:53: boom',
        'registry-failed',
      ],
      [`tag does not exist: ${reference}`, 'image-not-found'],
      ['no match for platform in manifest: not found', 'image-platform-missing'],
      [`pushing ${inside}@sha256:403 went wrong`, 'registry-failed'],
    ] as const)
      expect(turned(said, {reference}).code, said).to.equal(code)
  })

  it('is not read from the short name of an image of Docker Hub', () => {
    const said = 'manifest for denied:429 not found: manifest unknown: manifest unknown'
    expect(turned(said, {reference: 'denied:429'}).code).to.equal('image-not-found')
  })

  it('names the server that the registry redirected to, if that does not answer', () => {
    const refused = (address: string): string => `Get "${address}": dial tcp: connect: connection refused`
    expect(turned(refused('https://auth.example/token?scope=x')).message).to.contain(
      'The server auth.example, to which',
    )
    expect(turned(refused('http://127.0.0.1:5010/v2/')).message).to.contain('The registry 127.0.0.1:5010 cannot')
    for (const [address, reference] of [
      ['https://registry-1.docker.io/v2/', 'team/app'],
      ['https://a.example/v2/', 'a.example:443/app'],
    ] as const)
      expect(turned(refused(address), {reference}).message).to.match(/^The registry /)
  })

  it('says how to sign in', () => {
    const {message, hint} = turned('no basic auth credentials')
    expect(message).to.contain('127.0.0.1:5010')
    expect(hint).to.contain('docker login 127.0.0.1:5010')
    expect(turned('unauthorized', {reference: 'team/app'}).hint).to.contain('docker login docker.io')
  })

  it('says where refused credentials come from, but not what they are', () => {
    for (const said of ['unauthorized', 'denied']) {
      const {message, hint} = turned(said, {credentials: signedIn})
      expect(message).to.contain('/config.json')
      expect(`${message} ${hint ?? ''}`).not.to.contain('sw0rdfish')
    }
  })

  it('never prints the credentials, even if the registry repeats them', () => {
    const basic = Buffer.from('ann:sw0rdfish').toString('base64')
    for (const echo of ['sw0rdfish', `ann:sw0rdfish`, `Authorization: Basic ${basic}`, basic]) {
      const error = turned(`denied: who is ${echo}?`, {credentials: signedIn})
      expect(error.code).to.equal('registry-denied')
      const everything = [error.message, error.hint, JSON.stringify(error.data), inspect(error, {depth: 9})].join()
      expect(everything).not.to.contain('sw0rdfish').and.not.to.contain(basic)
      expect(error.message).to.match(/denied: who is .*\?/)
    }
  })

  it('says if accepted credentials are refused later', () => {
    const error = registryError(new EngineError(0, 'unauthorized'), {
      action: 'push',
      reference: parseReference(name),
      credentials: signedIn,
      wasAccepted: true,
    })
    expect(error).to.be.instanceOf(FailedError).with.property('code', 'registry-unauthorized')
    expect(error).to.have.property('message').that.contains('During the push').and.contains('/config.json')
    expect(error).to.have.property('hint').that.contains('docker login 127.0.0.1:5010').and.contains('docker push')
  })

  it('is a refusal only if the registry does not accept the credentials', () => {
    for (const [code, said] of Object.entries(sayings))
      for (const words of said)
        expect(isRefusal(turned(words)), words).to.equal(code === 'registry-unauthorized' || code === 'registry-denied')
    expect(isRefusal(undefined)).to.equal(false)
  })

  it('says after a push that the image is kept, and how to push it again', () => {
    for (const said of ['denied', 'unexpected EOF', 'connection refused', 'boom'])
      expect(turned(said).hint).to.contain(
        `kept in the engine. Push it again with: keg docker package push ${name} (or docker push ${name}`,
      )
  })

  it('does not say so after a pull, or if there is no image', () => {
    expect(turned('denied', {action: 'pull'}).hint).not.to.contain('docker push')
    expect(turned(`tag does not exist: ${name}`).hint).not.to.contain('docker push')
  })

  it('prints the message, but shortens a long one', () => {
    expect(turned('boom').message).to.contain('boom')
    expect(turned('x'.repeat(100_000)).message.length).to.be.below(500)
  })

  it('returns other errors unchanged', () => {
    const contact = {action: 'push', reference: parseReference(name), credentials: signedIn} as const
    for (const other of [new Error('denied'), new MissingError('no engine', {code: 'engine-unreachable'}), 'denied'])
      expect(registryError(other, contact)).to.equal(other)
  })

  it('is unreachable only if the registry is not reachable or breaks off', () => {
    for (const [code, said] of Object.entries(sayings))
      for (const words of said)
        expect(isUnreachable(turned(words)), words).to.equal(
          code === 'registry-unreachable' || code === 'registry-broke-off',
        )
    expect(isUnreachable(new MissingError('no engine', {code: 'engine-unreachable'}))).to.equal(false)
    expect(isUnreachable(undefined)).to.equal(false)
  })
})
