import {expect} from 'chai'
import {randomBytes} from 'node:crypto'
import type {IncomingMessage, ServerResponse} from 'node:http'
import {text} from 'node:stream/consumers'
import {inspect} from 'node:util'
import {parseReference} from '../../../../src/lib/reference/reference.js'
import type {RegistryClient} from '../../../../src/lib/registry/client/registry-client.js'
import type {Credentials} from '../../../../src/lib/registry/model.js'
import {registryError} from '../../../../src/lib/registry/registry-error.js'
import {asDigest, clientOf, failureOf, type ClientParts} from './client.js'
import {digestOf, MemoryRegistry, refuse} from './memory-registry.js'

const ann: Credentials = {kind: 'password', username: 'ann', secret: 'sw0rdfish', origin: '/config.json'}
const identity: Credentials = {kind: 'token', identityToken: 'refresh-1', origin: '/config.json'}
const basic = `Basic ${Buffer.from('ann:sw0rdfish').toString('base64')}`
const digest = asDigest(digestOf('x'))
const from = 'c/d' as Parameters<RegistryClient['blobs']['mount']>[1]

/** What a token server was asked. */
interface TokenRequest {
  readonly method: string | undefined
  readonly authorization: string | undefined
  readonly parameters: URLSearchParams
}

describe('signing in', () => {
  let registry: MemoryRegistry
  let tokens: MemoryRegistry
  let requests: TokenRequest[]
  let valid: Set<string>
  /** What the token server answers besides the token. */
  let more: Record<string, unknown>
  let clients: RegistryClient[]

  beforeEach(async () => {
    registry = await MemoryRegistry.start()
    tokens = await MemoryRegistry.start()
    requests = []
    valid = new Set()
    more = {}
    clients = []
    tokens.instead = async (_, request, response) => {
      const {authorization} = request.headers
      const {method} = request
      const query = new URL(request.url ?? '', 'http://x').searchParams
      const parameters = method === 'POST' ? new URLSearchParams(await text(request)) : query
      requests.push({method, authorization, parameters})
      const token = `t0ken-${requests.length}`
      valid.add(token)
      response.end(JSON.stringify({token, ...more}))
      return true
    }
    registry.instead = (_, request, response) => {
      const token = request.headers.authorization?.replace('Bearer ', '') ?? ''
      return valid.has(token) ? false : challenge(response, request)
    }
  })
  afterEach(async () => {
    for (const client of clients) client[Symbol.dispose]()
    await registry.stop()
    await tokens.stop()
  })

  function challenge(
    response: ServerResponse,
    request: IncomingMessage,
    realm = `http://${tokens.registry}/token`,
  ): true {
    request.resume()
    response.setHeader('www-authenticate', `Bearer realm="${realm}",service="reg",scope="repository:a/b:pull"`)
    refuse(response, 401, 'UNAUTHORIZED')
    return true
  }

  function client(parts: ClientParts = {}): RegistryClient {
    const made = clientOf(registry.registry, {credentials: ann, ...parts})
    clients.push(made)
    return made
  }

  it('with a password only sends it once asked', async () => {
    registry.instead = (_, request, response) => {
      if (request.headers.authorization === basic) return false
      response.setHeader('www-authenticate', 'Basic realm="x"')
      refuse(response, 401, 'UNAUTHORIZED')
      return true
    }
    const own = client()
    expect(await own.blobs.head(digest)).to.equal(undefined)
    expect(await own.blobs.head(digest)).to.equal(undefined)
    expect(registry.headers.map(({authorization}) => authorization)).to.deep.equal([undefined, basic, basic])
    expect(own.wasAccepted).to.equal(true)
    expect(await failureOf(client({credentials: {kind: 'anonymous'}}).blobs.head(digest))).to.have.property(
      'kind',
      'registry-unauthorized',
    )
  })

  it('gets one token for a scope from the server that the registry names', async () => {
    const own = client()
    await Promise.all([own.blobs.head(digest), own.blobs.head(digest), own.blobs.head(digest)])
    await own.blobs.head(digest)
    expect(requests).to.have.length(1)
    expect(requests[0]).to.include({method: 'GET', authorization: basic})
    expect(requests[0]?.parameters.getAll('scope')).to.deep.equal(['repository:a/b:pull,push', 'repository:a/b:pull'])
    expect(requests[0]?.parameters.get('service')).to.equal('reg')
    await client({action: 'pull'}).blobs.head(digest)
    expect(requests[1]?.parameters.getAll('scope')).to.deep.equal(['repository:a/b:pull'])
  })

  it('asks for the right to read another repository for a mount', async () => {
    const {kind} = await client().blobs.mount(digest, from)
    expect(kind).to.equal('upload')
    expect(requests[0]?.parameters.getAll('scope')).to.include('repository:c/d:pull')
  })

  it('with an identity token sends a form, and takes the next one', async () => {
    more = {refresh_token: 'refresh-2', expires_in: 1}
    const own = client({credentials: identity})
    await own.blobs.head(digest)
    valid.clear()
    await own.blobs.head(digest)
    expect(requests.map(({method}) => method)).to.deep.equal(['POST', 'POST'])
    expect(requests.map(({parameters}) => parameters.get('refresh_token'))).to.deep.equal(['refresh-1', 'refresh-2'])
    expect(Object.fromEntries(requests[0]?.parameters ?? [])).to.include({
      grant_type: 'refresh_token',
      service: 'reg',
      scope: 'repository:a/b:pull,push repository:a/b:pull',
    })
  })

  it('gets another token before the first ends, and when it is refused', async () => {
    const own = client()
    more = {expires_in: 1, issued_at: new Date().toISOString()}
    await own.blobs.head(digest)
    await new Promise((resolve) => setTimeout(resolve, 950))
    more = {}
    await own.blobs.head(digest)
    expect(requests).to.have.length(2)
    expect(registry.count(/^HEAD/)).to.equal(3)
    valid.clear()
    await own.blobs.head(digest)
    expect(requests).to.have.length(3)
  })

  it('takes the age of a token from the clock of its server', async () => {
    more = {expires_in: 300, issued_at: new Date(Date.now() - 86_400_000).toISOString()}
    const {instead} = tokens
    tokens.instead = (line, request, response) => {
      response.setHeader('date', new Date(Date.now() - 86_400_000).toUTCString())
      return instead(line, request, response)
    }
    const own = client()
    await own.blobs.head(digest)
    await own.blobs.head(digest)
    expect(requests).to.have.length(1)
  })

  it('is repeated in the middle of an upload', async () => {
    const bytes = randomBytes(300_000)
    const whole = asDigest(digestOf(bytes))
    const {instead} = registry
    registry.instead = (line, request, response) => {
      if (line.startsWith('PATCH') && registry.count(/^PATCH/) === 2) valid.clear()
      return instead(line, request, response)
    }
    async function* content(): AsyncGenerator<Buffer> {
      for (let start = 0; start < bytes.length; start += 100_000)
        yield await Promise.resolve(bytes.subarray(start, start + 100_000))
    }
    let sent = 0
    const onBytes = (count: number): unknown => (sent += count)
    await client().blobs.uploadStream({content: content(), chunkBytes: 100_000, onBytes})
    expect(registry.blobs.get(whole)?.equals(bytes)).to.equal(true)
    expect(sent).to.equal(bytes.length)
    expect(requests).to.have.length(2)
  })

  it('is repeated for an upload in one request', async () => {
    const {instead} = registry
    registry.instead = (line, request, response) => {
      if (line.startsWith('PUT') && registry.count(/^PUT/) === 1) valid.clear()
      return instead(line, request, response)
    }
    await client().blobs.upload({digest, size: 1, open: () => [Buffer.from('x')]})
    expect(registry.blobs.has(digest)).to.equal(true)
  })

  it('fails if the token is refused again, or is not enough', async () => {
    registry.instead = (_, request, response) => challenge(response, request)
    expect(await failureOf(client().manifests.get(digest))).to.have.property('kind', 'registry-unauthorized')
    expect(requests).to.have.length(1)
    registry.instead = (_, request, response) => {
      request.resume()
      const realm = `Bearer realm="http://${tokens.registry}/token",error="insufficient_scope"`
      response.setHeader('www-authenticate', realm)
      refuse(response, 401, 'UNAUTHORIZED')
      return true
    }
    expect(await failureOf(client().manifests.get(digest))).to.have.property('kind', 'registry-denied')
  })

  it('fails by the answer of the token server', async () => {
    for (const [status, body, kind] of [
      [401, '{"errors":[{"code":"UNAUTHORIZED","message":"incorrect username or password"}]}', 'registry-unauthorized'],
      [403, '', 'registry-denied'],
      [404, '<html>', 'not-a-registry'],
      [503, '', 'registry-unreachable'],
      [429, '', 'registry-busy'],
      [200, '<html>', 'not-a-registry'],
      [200, '{"token":"two\\nlines"}', 'not-a-registry'],
      [200, '{"token":7}', 'not-a-registry'],
      [302, '', 'not-a-registry'],
    ] as const) {
      tokens.instead = (_, request, response) => {
        request.resume()
        response.writeHead(status, {location: 'http://127.0.0.1:1/'}).end(body)
        return true
      }
      expect(await failureOf(client().blobs.head(digest)), `${status} ${body}`).to.have.property('kind', kind)
    }
  })

  it('goes to no token server without TLS if the registry has it, or with a password in its address', async () => {
    const bad = ['ftp://x/', '/token', 'http://', 'http://ann:x@127.0.0.1:1/']
    for (const realm of bad) {
      registry.instead = (_, request, response) => challenge(response, request, realm)
      const failure = await failureOf(client().blobs.head(digest))
      expect(failure.kind, realm).to.match(/^(?:not-a-registry|registry-insecure)$/)
    }
    expect(requests).to.deep.equal([])
  })

  it('is never quoted by an error, even if a server repeats it in another form', async () => {
    registry.instead = (_, request, response) => {
      const {authorization} = request.headers
      if (authorization === undefined) return challenge(response, request)
      refuse(response, 403, 'DENIED', `${authorization} ann:sw0rdfish ${basic} t0ken-1 ${authorization.slice(7)}`)
      return true
    }
    const own = client()
    const failure = await failureOf(own.manifests.get(digest))
    const reference = parseReference(`${registry.registry}/a/b:x`)
    const told = registryError(failure, {action: 'push', reference, credentials: ann})
    for (const shown of [inspect(failure, {depth: 9}), inspect(told, {depth: 9})])
      expect(shown)
        .to.contain('***')
        .and.not.to.match(/sw0rdfish|t0ken|YW5uOn/)
  })

  it('gives a token to another host of an upload only if it wants the registry’s own', async () => {
    const other = await MemoryRegistry.start()
    const id = '00000000-0000-0000-0000-000000000000'
    let realm = `http://${tokens.registry}/token`
    const seen: (string | undefined)[] = []
    other.instead = (_, request, response) => {
      seen.push(request.headers.authorization)
      return request.headers.authorization === undefined ? challenge(response, request, realm) : false
    }
    const {instead} = registry
    registry.instead = async (line, request, response) => {
      if (await instead(line, request, response)) return true
      if (!line.startsWith('POST')) return false
      other.uploads.set(id, Buffer.alloc(0))
      response.writeHead(202, {location: `http://${other.registry}/v2/a/b/blobs/uploads/${id}`}).end()
      return true
    }
    await client().blobs.upload({digest, size: 1, open: () => [Buffer.from('x')]})
    expect(other.blobs.has(digest)).to.equal(true)
    seen.length = 0
    realm = 'http://127.0.0.1:1/token'
    const failure = await failureOf(client().blobs.upload({digest, size: 1, open: () => [Buffer.from('x')]}))
    expect(failure.kind).to.equal('registry-unauthorized')
    expect(seen.filter((each) => each !== undefined)).to.deep.equal([])
    await other.stop()
  })
})
