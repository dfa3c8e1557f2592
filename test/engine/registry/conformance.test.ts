/**
 * The requests of the OCI distribution specification 1.1.1 against real registries: each endpoint of its table ("API endpoints"),
 * with an outcome that it allows, in the order of its workflows (as in the specification's own conformance tests), and the same
 * through the calls of the client. The referrers (end-12) are left out: nothing in keg asks for them.
 */
import {expect} from 'chai'
import {createHash, randomBytes} from 'node:crypto'
import {setTimeout as sleep} from 'node:timers/promises'
import {startRegistry} from '../../../scripts/setup/registry.js'
import {Engine} from '../../../src/lib/engine/engine.js'
import {
  isDigest,
  parseReference,
  parseTag,
  type Digest,
  type RepositoryPath,
} from '../../../src/lib/reference/reference.js'
import type {RequestBody} from '../../../src/lib/registry/client/http-exchange.js'
import {RegistryClient} from '../../../src/lib/registry/client/registry-client.js'
import {RegistryFailure} from '../../../src/lib/registry/client/registry-failure.js'
import type {RegistryRequest} from '../../../src/lib/registry/client/registry-requests.js'
import type {Credentials} from '../../../src/lib/registry/model.js'
import {pullImage} from '../../../src/lib/registry/pull.js'
import {docker, Sandbox, uniqueName} from '../../support/docker.js'
import {writeTar} from '../../support/tar.js'
import {thrown} from '../../support/thrown.js'
import {proxy} from './misbehaving-registry.js'
import {tokenRegistry} from './token-registry.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'
const privateRegistry = process.env.KEG_TEST_PRIVATE_REGISTRY ?? '127.0.0.1:5443'
const [username = '', secret = ''] = (process.env.KEG_TEST_PRIVATE_LOGIN ?? 'keg:keg').split(':')
const anonymous: Credentials = {kind: 'anonymous'}
const password: Credentials = {kind: 'password', username, secret, origin: 'the test bed'}
const identity: Credentials = {kind: 'token', identityToken: 'refresh', origin: 'the test'}

const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const binary = {'content-type': 'application/octet-stream'}
const dev = parseTag('dev')

/** A registry as a client meets it. */
interface Place {
  readonly registry: string
  readonly credentials: Credentials
  readonly requestedTokens?: () => number
  readonly close?: () => Promise<void>
}

const places: Readonly<Record<string, () => Promise<Place>>> = {
  'an open registry': () => Promise.resolve({registry: openRegistry, credentials: anonymous}),
  'a registry with a password': () => Promise.resolve({registry: privateRegistry, credentials: password}),
  'a registry with tokens that soon end': async () => {
    const found = await tokenRegistry({
      lets: (login) => login === 'refresh',
      lifetimeSeconds: [2, 2, 2, 2, 2, 2, 2, 2, 1000],
    })
    return {...found, credentials: identity, requestedTokens: () => found.requests.length}
  },
}

function digestOf(bytes: Buffer): Digest {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  if (!isDigest(digest)) throw new Error(digest)
  return digest
}

function body(bytes: Buffer): RequestBody {
  return {length: bytes.length, isRepeatable: true, chunks: () => [bytes]}
}

/** An image of one layer without content, as a registry sees it. */
function imageOf(config: Buffer, layers: readonly Buffer[]): Buffer {
  const descriptor = (bytes: Buffer, mediaType: string): object => ({
    mediaType,
    digest: digestOf(bytes),
    size: bytes.length,
  })
  const layer = 'application/vnd.oci.image.layer.v1.tar'
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: descriptor(config, 'application/vnd.oci.image.config.v1+json'),
      layers: layers.map((bytes) => descriptor(bytes, layer)),
    }),
  )
}

/** What the rows of the table share: some content, its names, and the upload that is going on. */
class Session {
  readonly layer = randomBytes(4000)
  readonly chunks = [this.layer.subarray(0, 1500), this.layer.subarray(1500)] as const
  readonly config = Buffer.from(
    JSON.stringify({architecture: 'amd64', os: 'linux', rootfs: {type: 'layers', diff_ids: []}}),
  )
  readonly manifest = imageOf(this.config, [this.layer])
  readonly unknown = digestOf(randomBytes(10))
  readonly other: RepositoryPath
  upload = new URL('http://nowhere/')

  constructor(
    readonly client: RegistryClient,
    other: string,
  ) {
    this.other = parseReference(`x.example/${other}`).repository
  }

  get layerDigest(): Digest {
    return digestOf(this.layer)
  }

  /** @returns the status */
  async ask(method: string, path: string | URL, rest: Omit<RegistryRequest, 'method' | 'path'> = {}): Promise<number> {
    const {requests} = this.client
    const answer = await requests.ask({method, path, ...rest})
    const {location} = answer.headers
    const isUpload = answer.status === 202 && method !== 'DELETE'
    if (isUpload || (answer.status === 204 && location !== undefined)) this.upload = requests.resolve(location, answer)
    if (method === 'HEAD') expect(answer.body).to.have.length(0)
    return answer.status
  }

  async patch(bytes: Buffer, start: number): Promise<number> {
    const headers = {...binary, 'content-range': `${start}-${start + bytes.length - 1}`}
    return this.ask('PATCH', this.upload, {headers, body: body(bytes)})
  }

  async close(digest: Digest, bytes?: Buffer): Promise<number> {
    const address = new URL(this.upload)
    address.search += `${address.search === '' ? '?' : '&'}digest=${digest}`
    return this.ask('PUT', address, {headers: binary, body: body(bytes ?? Buffer.alloc(0))})
  }

  async get(path: string): Promise<Buffer> {
    const {body: bytes} = await this.client.requests.ask({method: 'GET', path, headers: {accept: manifestType}})
    return bytes
  }
}

interface Row {
  readonly endpoint: string
  readonly what: string
  /** Statuses that the specification allows here. */
  readonly allows: readonly number[]
  readonly run: (session: Session) => Promise<number>
}

const workflows: Readonly<Record<string, readonly Row[]>> = {
  push: [
    {endpoint: 'end-1', what: 'the version of the API', allows: [200], run: (s) => s.ask('GET', '/v2/')},
    {
      endpoint: 'end-2',
      what: 'a blob before it is there',
      allows: [404],
      run: (s) => s.ask('HEAD', `blobs/${s.layerDigest}`),
    },
    {endpoint: 'end-4a', what: 'an upload begins', allows: [202], run: (s) => s.ask('POST', 'blobs/uploads/')},
    {
      endpoint: 'end-5',
      what: 'a blob is streamed',
      allows: [202],
      run: (s) => s.ask('PATCH', s.upload, {headers: binary, body: body(s.config)}),
    },
    {endpoint: 'end-6', what: 'the streamed blob is closed', allows: [201], run: (s) => s.close(digestOf(s.config))},
    {endpoint: 'end-4a', what: 'another upload begins', allows: [202], run: (s) => s.ask('POST', 'blobs/uploads/')},
    {
      endpoint: 'end-6',
      what: 'a blob in one request',
      allows: [201],
      run: (s) => s.close(digestOf(s.config), s.config),
    },
    {
      endpoint: 'end-4a',
      what: 'an upload for a wrong digest',
      allows: [202],
      run: (s) => s.ask('POST', 'blobs/uploads/'),
    },
    {endpoint: 'end-6', what: 'a blob with another digest', allows: [400], run: (s) => s.close(s.unknown, s.config)},
    {
      endpoint: 'end-4b',
      what: 'a blob with the first request, or an upload in its place',
      allows: [201, 202],
      run: (s) => s.ask('POST', `blobs/uploads/?digest=${digestOf(s.config)}`, {headers: binary, body: body(s.config)}),
    },
    {
      endpoint: 'end-4a',
      what: 'an upload in chunks begins',
      allows: [202],
      run: (s) => s.ask('POST', 'blobs/uploads/'),
    },
    {endpoint: 'end-5', what: 'the first chunk', allows: [202], run: (s) => s.patch(s.chunks[0], 0)},
    {endpoint: 'end-13', what: 'where the upload is', allows: [204], run: (s) => s.ask('GET', s.upload)},
    {endpoint: 'end-5', what: 'the second chunk', allows: [202], run: (s) => s.patch(s.chunks[1], s.chunks[0].length)},
    {endpoint: 'end-6', what: 'the chunks are closed', allows: [201], run: (s) => s.close(s.layerDigest)},
    {endpoint: 'end-5', what: 'a chunk for a closed upload', allows: [404], run: (s) => s.patch(s.chunks[0], 0)},
    {endpoint: 'end-13', what: 'a closed upload', allows: [404], run: (s) => s.ask('GET', s.upload)},
    {
      endpoint: 'end-11',
      what: 'a mount of an unknown blob, which begins an upload',
      allows: [202],
      run: (s) =>
        s.ask('POST', `blobs/uploads/?mount=${s.unknown}&from=${s.other}`, {scopes: [`repository:${s.other}:pull`]}),
    },
    {endpoint: 'DELETE', what: 'the upload is cancelled', allows: [204], run: (s) => s.ask('DELETE', s.upload)},
    {
      endpoint: 'end-7',
      what: 'a manifest with an unknown blob',
      allows: [400, 404],
      run: (s) =>
        s.ask('PUT', 'manifests/none', {
          headers: {'content-type': manifestType},
          body: body(imageOf(s.config, [randomBytes(9)])),
        }),
    },
    {
      endpoint: 'end-7',
      what: 'a manifest by tag',
      allows: [201],
      run: (s) => s.ask('PUT', 'manifests/dev', {headers: {'content-type': manifestType}, body: body(s.manifest)}),
    },
    {
      endpoint: 'end-7',
      what: 'a manifest by digest',
      allows: [201],
      run: (s) =>
        s.ask('PUT', `manifests/${digestOf(s.manifest)}`, {
          headers: {'content-type': manifestType},
          body: body(s.manifest),
        }),
    },
    {
      endpoint: 'end-7',
      what: 'a manifest by another digest',
      allows: [400],
      run: (s) =>
        s.ask('PUT', `manifests/${s.unknown}`, {headers: {'content-type': manifestType}, body: body(s.manifest)}),
    },
  ],
  pull: [
    {endpoint: 'end-2', what: 'a blob is there', allows: [200], run: (s) => s.ask('HEAD', `blobs/${s.layerDigest}`)},
    {endpoint: 'end-2', what: 'a blob', allows: [200], run: (s) => s.ask('GET', `blobs/${s.layerDigest}`)},
    {
      endpoint: 'end-2',
      what: 'the end of a blob',
      allows: [206],
      run: (s) => s.ask('GET', `blobs/${s.layerDigest}`, {headers: {range: 'bytes=1500-'}}),
    },
    {endpoint: 'end-2', what: 'an unknown blob', allows: [404], run: (s) => s.ask('GET', `blobs/${s.unknown}`)},
    {
      endpoint: 'end-3',
      what: 'a tag is there',
      allows: [200],
      run: (s) => s.ask('HEAD', 'manifests/dev', {headers: {accept: manifestType}}),
    },
    {
      endpoint: 'end-3',
      what: 'a manifest by tag',
      allows: [200],
      run: (s) => s.ask('GET', 'manifests/dev', {headers: {accept: manifestType}}),
    },
    {
      endpoint: 'end-3',
      what: 'a manifest by digest',
      allows: [200],
      run: (s) => s.ask('GET', `manifests/${digestOf(s.manifest)}`, {headers: {accept: manifestType}}),
    },
    {
      endpoint: 'end-3',
      what: 'an unknown tag is not there',
      allows: [404],
      run: (s) => s.ask('HEAD', 'manifests/other'),
    },
    {endpoint: 'end-3', what: 'an unknown manifest', allows: [404], run: (s) => s.ask('GET', `manifests/${s.unknown}`)},
  ],
  'content discovery': [
    {endpoint: 'end-8a', what: 'the tags', allows: [200], run: (s) => s.ask('GET', 'tags/list')},
    {endpoint: 'end-8b', what: 'some tags', allows: [200], run: (s) => s.ask('GET', 'tags/list?n=1')},
    {endpoint: 'end-8b', what: 'the tags after one', allows: [200], run: (s) => s.ask('GET', 'tags/list?n=1&last=a')},
    {
      endpoint: 'end-8a',
      what: 'the tags of no repository',
      allows: [404],
      run: (s) => s.ask('GET', '/v2/keg/none-such/tags/list', {scopes: ['repository:keg/none-such:pull']}),
    },
  ],
  'content management': [
    {
      endpoint: 'end-9',
      what: 'a tag is deleted, which registries may refuse',
      allows: [202, 400, 404, 405],
      run: (s) => s.ask('DELETE', 'manifests/none'),
    },
    {
      endpoint: 'end-9',
      what: 'a manifest is deleted',
      allows: [202],
      run: (s) => s.ask('DELETE', `manifests/${digestOf(s.manifest)}`),
    },
    {
      endpoint: 'end-3',
      what: 'a deleted manifest',
      allows: [404],
      run: (s) => s.ask('GET', `manifests/${digestOf(s.manifest)}`),
    },
    {endpoint: 'end-3', what: 'its tag', allows: [404], run: (s) => s.ask('GET', 'manifests/dev')},
    {
      endpoint: 'end-9',
      what: 'an unknown manifest is deleted',
      allows: [404],
      run: (s) => s.ask('DELETE', `manifests/${s.unknown}`),
    },
    {
      endpoint: 'end-10',
      what: 'a blob is deleted',
      allows: [202],
      run: (s) => s.ask('DELETE', `blobs/${s.layerDigest}`),
    },
    {endpoint: 'end-2', what: 'a deleted blob', allows: [404], run: (s) => s.ask('HEAD', `blobs/${s.layerDigest}`)},
    {
      endpoint: 'end-10',
      what: 'an unknown blob is deleted',
      allows: [404],
      run: (s) => s.ask('DELETE', `blobs/${s.unknown}`),
    },
  ],
}

describe('the distribution specification @classic', function () {
  this.timeout(120_000)

  const clients: RegistryClient[] = []
  after(() => {
    for (const client of clients) client[Symbol.dispose]()
  })

  function clientOf({credentials, registry}: Place, repository: string): RegistryClient {
    const {signal} = new AbortController()
    const reference = parseReference(`${registry}/${repository}`)
    const client = new RegistryClient({environment: {}, signal}, {reference, credentials, action: 'push'})
    clients.push(client)
    return client
  }

  for (const [what, start] of Object.entries(places))
    describe(`of ${what}`, () => {
      let place: Place
      let session: Session
      const repository = `keg/${uniqueName('conformance')}`

      before(async () => {
        place = await start()
        session = new Session(clientOf(place, repository), `${repository}-other`)
      })
      after(() => place.close?.())

      for (const [workflow, rows] of Object.entries(workflows))
        describe(workflow, () => {
          for (const {allows, endpoint, run, what: subject} of rows)
            it(`${endpoint}: ${subject}: ${allows.join(' or ')}`, async () => {
              expect(allows).to.include(await run(session))
            })
        })

      describe('through the calls of the client', () => {
        const bytes = randomBytes(2_500_000)
        const digest = digestOf(bytes)

        async function* stream(pause = 0): AsyncGenerator<Buffer> {
          for (let at = 0; at < bytes.length; at += 100_000) {
            await sleep(pause)
            yield bytes.subarray(at, at + 100_000)
          }
        }

        it('stores a stream in chunks, though a token ends meanwhile, and reads it', async () => {
          const client = clientOf(place, repository)
          const tokensBefore = place.requestedTokens?.()
          let sent = 0
          const stored = await client.blobs.uploadStream({
            content: stream(tokensBefore === undefined ? 0 : 120),
            chunkBytes: 500_000,
            onBytes: (count) => (sent += count),
          })
          expect(stored).to.equal(digest)
          expect(sent).to.equal(bytes.length)
          if (tokensBefore !== undefined) expect(place.requestedTokens?.()).to.be.at.least(tokensBefore + 2)
          expect(await client.blobs.head(digest)).to.deep.equal({digest, size: bytes.length})
          const read: Buffer[] = []
          for await (const chunk of client.blobs.read({digest, size: bytes.length})) read.push(chunk)
          expect(Buffer.concat(read).equals(bytes)).to.equal(true)
        })

        it('mounts a blob in another repository', async () => {
          const client = clientOf(place, `${repository}-mounted`)
          expect(await client.blobs.head(digest)).to.equal(undefined)
          const from = parseReference(`x.example/${repository}`).repository
          expect(await client.blobs.mount(digest, from)).to.deep.equal({kind: 'mounted'})
          expect(await client.blobs.head(digest)).to.deep.equal({digest, size: bytes.length})
        })

        it('stores manifests, lists tags by pages, and deletes', async () => {
          const client = clientOf(place, `${repository}-mounted`)
          const config = Buffer.from('{}')
          await client.blobs.upload({digest: digestOf(config), size: config.length, open: () => [config]})
          const manifest = imageOf(config, [bytes])
          const tags = ['a', 'b', 'c'].map(parseTag)
          for (const tag of tags)
            expect(await client.manifests.put(tag, {bytes: manifest, mediaType: manifestType})).to.equal(
              digestOf(manifest),
            )
          const found: string[] = []
          for await (const tag of client.tags({pageSize: 2})) found.push(tag)
          expect(found).to.have.members(tags)
          const stored = await client.manifests.get(parseTag('b'))
          expect(stored).to.include({digest: digestOf(manifest), mediaType: manifestType})
          expect(stored?.bytes.equals(manifest)).to.equal(true)
          expect(await client.manifests.head(digestOf(manifest))).to.include({size: manifest.length})
          expect(await client.manifests.delete(digestOf(manifest))).to.equal(true)
          expect(await client.manifests.get(parseTag('b'))).to.equal(undefined)
          expect(await client.blobs.delete(digest)).to.equal(true)
          expect(await client.blobs.head(digest)).to.equal(undefined)
        })

        if (what !== 'an open registry')
          it('refuses other credentials', async () => {
            const other = {
              ...place,
              credentials: {kind: 'password', username: 'eve', secret: 'no', origin: 'x'},
            } as const
            const error = await thrown(clientOf(other, repository).manifests.get(dev))
            expect(error).to.be.instanceOf(RegistryFailure).and.to.have.property('kind', 'registry-unauthorized')
          })
      })
    })

  describe('on a bad day', () => {
    const bytes = randomBytes(6_000_000)
    const digest = digestOf(bytes)

    let open: {close(): Promise<void>}[]

    beforeEach(() => {
      open = []
    })
    afterEach(() => Promise.all(open.map((each) => each.close())))

    function closing<T extends {close(): Promise<void>}>(each: T): T {
      open.push(each)
      return each
    }

    async function* stream(pause = 0): AsyncGenerator<Buffer> {
      for (let at = 0; at < bytes.length; at += 250_000) {
        await sleep(pause)
        yield bytes.subarray(at, at + 250_000)
      }
    }

    it('an upload whose connection broke is sent again', async () => {
      const way = closing(await proxy({registry: openRegistry, cut: {bytes: 1_300_000, direction: 'up', times: 3}}))
      const client = clientOf({registry: way.registry, credentials: anonymous}, `keg/${uniqueName('cut')}`)
      let sent = 0
      await client.blobs.uploadStream({
        content: stream(),
        // distribution 2.8 forgets an upload that broke off in the middle of a chunk.
        again: () => stream(),
        chunkBytes: 1_000_000,
        onBytes: (count) => (sent += count),
      })
      expect(await client.blobs.head(digest)).to.deep.equal({digest, size: bytes.length})
      expect(way.cuts()).to.equal(3)
      expect(sent).to.equal(bytes.length)
    })

    it('a blob is read on where its connection broke', async () => {
      const repository = `keg/${uniqueName('cut')}`
      await clientOf({registry: openRegistry, credentials: anonymous}, repository).blobs.upload({
        digest,
        size: bytes.length,
        open: () => stream(),
      })
      const way = closing(await proxy({registry: openRegistry, cut: {bytes: 2_000_000, direction: 'down', times: 2}}))
      const client = clientOf({registry: way.registry, credentials: anonymous}, repository)
      const read: Buffer[] = []
      for await (const chunk of client.blobs.read({digest, size: bytes.length})) read.push(chunk)
      expect(Buffer.concat(read).equals(bytes)).to.equal(true)
      expect(way.cuts()).to.equal(2)
    })

    it('an upload survives a restart of the registry', async () => {
      const registry = await startRegistry()
      closing({close: registry.stop})
      const client = clientOf({registry: registry.address, credentials: anonymous}, 'keg/restart')
      let sent = 0
      const onBytes = (count: number): unknown => (sent += count)
      const work = client.blobs.uploadStream({
        content: stream(60),
        again: () => stream(),
        chunkBytes: 500_000,
        onBytes,
      })
      work.catch(() => undefined)
      while (sent < 2_000_000) await sleep(10)
      await registry.kill()
      await sleep(300)
      await registry.start()
      expect(await work).to.equal(digest)
      expect(sent).to.equal(bytes.length)
      expect(await client.blobs.head(digest)).to.deep.equal({digest, size: bytes.length})
    })
  })

  it('makes images that an engine runs', async () => {
    const sandbox = new Sandbox()
    const engine = await Engine.connect(process.env)
    const reference = parseReference(`${openRegistry}/keg/${uniqueName('pushed')}:dev`)
    try {
      const client = clientOf({registry: openRegistry, credentials: anonymous}, reference.repository)
      const layer = writeTar([{path: 'hello', content: 'from keg\n'}])
      const config = Buffer.from(
        JSON.stringify({
          architecture: 'amd64',
          os: 'linux',
          config: {Cmd: ['/none']},
          rootfs: {type: 'layers', diff_ids: [digestOf(layer)]},
        }),
      )
      for (const bytes of [layer, config])
        await client.blobs.upload({digest: digestOf(bytes), size: bytes.length, open: () => [bytes]})
      const manifest = imageOf(config, [layer])
      const digest = await client.manifests.put(dev, {bytes: manifest, mediaType: manifestType})
      const name = sandbox.addImage(`${reference.registry}/${reference.repository}:dev`)
      expect(await pullImage({engine, environment: {}}, {reference})).to.deep.include({digest})
      const container = sandbox.addContainer((await docker(['create', name])).trim())
      expect(await docker(['cp', `${container}:/hello`, '-'])).to.contain('from keg')
    } finally {
      await sandbox.clean()
      await engine[Symbol.asyncDispose]()
    }
  })
})
