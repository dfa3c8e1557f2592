import {expect} from 'chai'
import {createHash} from 'node:crypto'
import {once} from 'node:events'
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http'
import type {AddressInfo, Server} from 'node:net'
import {EngineError} from '../../../src/lib/engine/engine-error.js'
import type {Engine} from '../../../src/lib/engine/engine.js'
import {parseReference, parseTag} from '../../../src/lib/reference/reference.js'
import {askRegistry, type RegistryFindings} from '../../../src/lib/registry/ask-registry.js'
import {isInsecure} from '../../../src/lib/registry/client/registry-address.js'
import {thrown} from '../../support/thrown.js'
import type {Credentials} from '../../../src/lib/registry/model.js'

const digest = `sha256:${'d'.repeat(64)}`
const labels = {'com.keg.role': 'package'}
const config = digestOf({config: {Labels: labels}})
const manifest = JSON.stringify({schemaVersion: 2, config: {digest: config}, layers: []})
const ann: Credentials = {kind: 'password', username: 'ann', secret: 'sw0rdfish', origin: '/config.json'}
const anonymous: Credentials = {kind: 'anonymous'}
const basic = `Basic ${Buffer.from('ann:sw0rdfish').toString('base64')}`

function digestOf(content: unknown): string {
  return `sha256:${createHash('sha256').update(JSON.stringify(content)).digest('hex')}`
}

/** A registry's answer: status, JSON and headers. */
type Answer = readonly [status: number, body?: unknown, headers?: Record<string, string>]

const error = (status: number, code: string, message: string): Answer => [status, {errors: [{code, message}]}]

describe('askRegistry', () => {
  let server: Server
  let host: string
  let requests: string[]
  let answers: Record<string, Answer | ((request: IncomingMessage) => Answer)>

  beforeEach(async () => {
    requests = []
    answers = {
      'GET /v2/acme/app/manifests/x': [404, {errors: [{code: 'MANIFEST_UNKNOWN'}]}],
      'POST /v2/acme/app/blobs/uploads/': [202, undefined, {location: '/v2/acme/app/blobs/uploads/1?state=s'}],
      'DELETE /v2/acme/app/blobs/uploads/1?state=s': [204],
    }
    server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(() => void server.close())

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const line = `${request.method} ${request.url}`
    requests.push(line)
    const found = answers[line] ?? [404]
    const [status, body, headers = {}] = typeof found === 'function' ? found(request) : found
    const isText = typeof body === 'string'
    response.writeHead(status, {'content-type': isText ? 'text/html' : 'application/json', ...headers})
    response.end(isText ? body : JSON.stringify(body))
  }

  interface Circumstances {
    /** The engine's answer for the tag: its digest, or an error. */
    readonly engine?: string | EngineError
    readonly credentials?: Credentials
    readonly isRemote?: boolean
    readonly sender?: 'engine' | 'keg'
  }

  function ask({
    credentials = anonymous,
    engine,
    isRemote = false,
    sender,
  }: Circumstances = {}): Promise<RegistryFindings> {
    const told = engine ?? new EngineError(404, 'manifest unknown')
    const stub = {
      endpoint: isRemote ? {kind: 'tcp'} : {kind: 'socket'},
      facts: {info: {RegistryConfig: {InsecureRegistryCIDRs: ['127.0.0.0/8']}}},
      distribution: () => (typeof told === 'string' ? Promise.resolve(told) : Promise.reject(told)),
    } as unknown as Engine
    const {signal} = new AbortController()
    const reference = {...parseReference(`${host}/acme/app:x`), tag: parseTag('x')}
    return askRegistry({engine: stub, environment: {}, signal}, {reference, credentials, ...(sender && {sender})})
  }

  const refusal = async (circumstances: Circumstances = {}): Promise<Error> => thrown(ask(circumstances))

  it('returns that the tag does not exist and a push is accepted, and cancels the upload it began', async () => {
    expect(await ask()).to.deep.equal({existing: undefined, warnings: []})
    expect(requests.filter((line) => !line.startsWith('GET'))).to.deep.equal([
      'POST /v2/acme/app/blobs/uploads/',
      'DELETE /v2/acme/app/blobs/uploads/1?state=s',
    ])
  })

  describe('for a push by keg itself', () => {
    const sender = 'keg'
    const unreachable = new EngineError(500, 'dial tcp: lookup nowhere: no such host')

    it('asks only the registry, wherever the engine is', async () => {
      answers['GET /v2/acme/app/manifests/x'] = () => [200, JSON.parse(manifest)]
      answers[`GET /v2/acme/app/blobs/${config}`] = [200, {config: {Labels: labels}}]
      const found = await ask({sender, engine: unreachable, isRemote: true})
      expect(found).to.deep.equal({existing: {digest: digestOf(JSON.parse(manifest)), labels}, warnings: []})
      expect(requests.at(-1)).to.equal('DELETE /v2/acme/app/blobs/uploads/1?state=s')
    })

    it('fails as the push would', async () => {
      const refusals: [Answer, string][] = [
        [error(401, 'UNAUTHORIZED', 'authentication required'), 'registry-unauthorized'],
        [error(403, 'DENIED', 'requested access to the resource is denied'), 'registry-denied'],
        [error(404, 'NAME_UNKNOWN', 'repository name not known to registry'), 'repository-missing'],
      ]
      for (const [given, code] of refusals) {
        answers['POST /v2/acme/app/blobs/uploads/'] = given
        expect(await refusal({sender})).to.have.property('code', code)
      }
      await new Promise((resolve) => server.close(resolve))
      expect(await refusal({sender})).to.have.property('code', 'registry-unreachable')
    })
  })

  it('finds a tag’s owner with one manifest and one configuration', async () => {
    answers['GET /v2/acme/app/manifests/x'] = () => [200, JSON.parse(manifest)]
    answers[`GET /v2/acme/app/blobs/${config}`] = [200, {config: {Labels: labels}}]
    const {existing} = await ask()
    expect(existing?.labels).to.deep.equal(labels)
    expect(requests.filter((line) => line.includes('GET /v2/acme'))).to.have.length(2)
    // The engine sees another image, so what keg read does not apply.
    expect((await ask({engine: digest})).existing).to.deep.equal({digest, labels: undefined})
    expect((await ask({engine: existing?.digest ?? ''})).existing?.labels).to.deep.equal(labels)
  })

  it('finds the owner of a multi-platform image, too', async () => {
    const child = digestOf(JSON.parse(manifest))
    answers['GET /v2/acme/app/manifests/x'] = [200, {manifests: [{digest: child}]}]
    answers[`GET /v2/acme/app/manifests/${child}`] = [200, JSON.parse(manifest)]
    answers[`GET /v2/acme/app/blobs/${config}`] = [307, undefined, {location: '/elsewhere'}]
    answers['GET /elsewhere'] = [200, {config: {Labels: labels}}]
    expect((await ask()).existing?.labels).to.deep.equal(labels)
  })

  it('signs in like the engine, with a password or a token for this repository', async () => {
    const challenge = `Bearer realm="http://${host}/token",service="reg"`
    const wanted: [string, string][] = [
      ['Basic realm="x"', basic],
      [challenge, 'Bearer t0ken'],
    ]
    const scope = encodeURIComponent('repository:acme/app:pull,push')
    let seen: string | undefined
    answers[`GET /token?service=reg&scope=${scope}`] = ({headers}) => {
      seen = headers.authorization
      return [200, {token: 't0ken'}]
    }
    for (const [header, authorization] of wanted) {
      const guarded =
        (given: Answer) =>
        ({headers}: IncomingMessage): Answer =>
          headers.authorization === authorization ? given : [401, {errors: []}, {'www-authenticate': header}]
      answers['GET /v2/acme/app/manifests/x'] = guarded([404])
      answers['POST /v2/acme/app/blobs/uploads/'] = guarded([202])
      expect(await ask({credentials: ann})).to.deep.equal({existing: undefined, warnings: []})
    }
    expect(seen).to.equal(basic)
  })

  it('sends no password after a redirect to another host', async () => {
    let seen: string | undefined = 'nothing'
    const other = createServer((request, response) => {
      seen = request.headers.authorization
      response.end('{}')
    }).listen(0, '127.0.0.1')
    await once(other, 'listening')
    const {port} = other.address() as AddressInfo
    answers['GET /v2/acme/app/manifests/x'] = ({headers}) =>
      headers.authorization === basic ? [200, JSON.parse(manifest)] : [401, {}, {'www-authenticate': 'Basic realm="x"'}]
    answers[`GET /v2/acme/app/blobs/${config}`] = [307, undefined, {location: `http://127.0.0.1:${port}/blob`}]
    await ask({credentials: ann})
    other.close()
    expect(seen).to.equal(undefined)
  })

  const refusals: readonly [what: string, answer: Answer, code: string][] = [
    [
      'does not let somebody push',
      error(403, 'DENIED', 'requested access to the resource is denied'),
      'registry-denied',
    ],
    ['does not know who asks', error(401, 'UNAUTHORIZED', 'authentication required'), 'registry-unauthorized'],
    ['is read-only', error(405, 'UNSUPPORTED', 'The operation is unsupported.'), 'registry-read-only'],
    ['is full', error(403, 'DENIED', 'will exceed the configured upper limit of 100.0 MiB.'), 'registry-full'],
    ['takes no such name', error(400, 'NAME_INVALID', 'invalid repository name'), 'repository-name-refused'],
  ]
  for (const [what, given, code] of refusals)
    it(`refuses before anything is changed if the registry ${what}`, async () => {
      answers['POST /v2/acme/app/blobs/uploads/'] = given
      const failure = await refusal()
      expect(failure).to.have.property('code', code)
      expect(failure).to.have.property('hint').that.does.not.contain('kept')
      // For a remote engine, another registry might have that name.
      expect(await ask({isRemote: true})).to.have.property('existing', undefined)
    })

  it('does not refuse an answer that is not a registry’s, or a temporary error', async () => {
    for (const given of [
      [403, '<html>AirTunes</html>'],
      [500, {}],
      error(429, 'TOOMANYREQUESTS', 'slow'),
      [503],
    ] as Answer[]) {
      answers['POST /v2/acme/app/blobs/uploads/'] = given
      expect(await ask(), String(given[0])).to.deep.equal({existing: undefined, warnings: []})
    }
  })

  it('warns about a missing repository, which a push might still create', async () => {
    const said = "The repository with name 'acme/app' does not exist"
    answers['POST /v2/acme/app/blobs/uploads/'] = error(404, 'NAME_UNKNOWN', said)
    const {warnings} = await ask()
    expect(warnings).to.have.length(1)
    expect(warnings[0]).to.contain(said).and.to.contain('kept in the engine')
  })

  it('refuses if the engine does not reach the registry, even if keg does', async () => {
    for (const [said, code] of [
      ['Get "https://r/v2/": dial tcp: connect: connection refused', 'registry-unreachable'],
      ['Get "https://r/v2/": x509: certificate signed by unknown authority', 'registry-certificate'],
      ['Get "https://r/v2/": http: server gave HTTP response to HTTPS client', 'registry-insecure'],
      ['Get "https://r/v2/": proxyconnect tcp: dial tcp: connection refused', 'registry-proxy'],
    ] as const)
      expect(await refusal({engine: new EngineError(500, said)}), said).to.have.property('code', code)
  })

  it('refuses by the engine’s answer, unless the registry accepts a push anyway', async () => {
    const denied = new EngineError(403, 'denied: requested access to the resource is denied')
    // Write-only credentials.
    expect((await ask({engine: denied})).warnings[0]).to.contain('Cannot check what')
    answers['POST /v2/acme/app/blobs/uploads/'] = [500]
    expect(await refusal({engine: denied})).to.have.property('code', 'registry-denied')
    expect((await ask({engine: denied, isRemote: true})).warnings).to.have.length(1)
    const unknown = new EngineError(401, 'unauthorized: authentication required')
    expect(await refusal({engine: unknown, isRemote: true})).to.have.property('code', 'registry-unauthorized')
  })

  it('hides a password that the registry repeats', async () => {
    answers['POST /v2/acme/app/blobs/uploads/'] = error(403, 'DENIED', 'you said sw0rdfish')
    const failure = await refusal({credentials: ann})
    expect(failure.message).to.contain('***').and.not.to.contain('sw0rdfish')
  })

  it('uses no TLS only if the engine does not', () => {
    const info = {
      RegistryConfig: {
        IndexConfigs: {'r.example:5000': {Secure: false}, 'docker.io': {Secure: true}},
        InsecureRegistryCIDRs: ['127.0.0.0/8', '::1/128', '10.1.0.0/16'],
      },
    }
    for (const registry of [
      'r.example:5000',
      '127.0.0.1:5000',
      '127.9.9.9',
      'localhost:5000',
      '10.1.2.3:80',
      '[::1]:5000',
    ])
      expect(isInsecure(registry, info), registry).to.equal(true)
    for (const registry of ['r.example', 'docker.io', '10.2.2.3', 'localhost.example', '[::2]:5000'])
      expect(isInsecure(registry, info), registry).to.equal(false)
    expect(isInsecure('r.example', {})).to.equal(false)
  })
})
