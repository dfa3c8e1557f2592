import {expect} from 'chai'
import {createHash, randomBytes} from 'node:crypto'
import type {IncomingMessage, ServerResponse} from 'node:http'
import {buffer} from 'node:stream/consumers'
import {parseTag} from '../../../../src/lib/reference/reference.js'
import type {BlobDescriptor} from '../../../../src/lib/registry/client/read-blob.js'
import type {RegistryClient} from '../../../../src/lib/registry/client/registry-client.js'
import {asDigest, clientOf, failureOf, impatient} from './client.js'
import {digestOf, MemoryRegistry, refuse} from './memory-registry.js'

const bytes = randomBytes(400_000)
const digest = asDigest(digestOf(bytes))
const path = `/v2/a/b/blobs/${digest}`
const oci = 'application/vnd.oci.image.manifest.v1+json'
const dev = parseTag('dev')

describe('the content of a registry', () => {
  let registry: MemoryRegistry
  let client: RegistryClient

  beforeEach(async () => {
    registry = await MemoryRegistry.start()
    client = clientOf(registry.registry)
  })
  afterEach(async () => {
    client[Symbol.dispose]()
    await registry.stop()
  })

  const gets = (): number => registry.count(`GET ${path}`)

  /** Answers a request for a blob or manifest in place of the registry. */
  function instead(answer: (response: ServerResponse, request: IncomingMessage) => void): void {
    registry.instead = (line, request, response) => {
      if (!line.includes('/v2/a/b/')) return false
      answer(response, request)
      return true
    }
  }

  describe('as a blob', () => {
    beforeEach(() => registry.blobs.set(digest, bytes))

    async function read({
      size = bytes.length,
      maxBytes,
    }: {size?: number | undefined; maxBytes?: number} = {}): Promise<Buffer> {
      const chunks: Buffer[] = []
      const blob: BlobDescriptor = {digest, size: maxBytes === undefined ? size : undefined}
      for await (const chunk of client.blobs.read(blob, maxBytes === undefined ? {} : {maxBytes})) chunks.push(chunk)
      return Buffer.concat(chunks)
    }

    it('is found with its size, or not', async () => {
      expect(await client.blobs.head(digest)).to.deep.equal({digest, size: bytes.length})
      expect(await client.blobs.head(asDigest(digestOf('x')))).to.equal(undefined)
      instead((response) => response.writeHead(200, {'docker-content-digest': digestOf('x')}).end())
      expect(await failureOf(client.blobs.head(digest))).to.have.property('kind', 'not-a-registry')
    })

    it('is read and checked', async () => {
      expect((await read()).equals(bytes)).to.equal(true)
      expect(gets()).to.equal(1)
    })

    it('goes on after a broken connection, with a range', async () => {
      instead((response, {headers}) => {
        const start = Number(/\d+/.exec(headers.range ?? '0')?.[0])
        const rest = {'content-length': bytes.length - start, 'content-range': `bytes ${start}-${bytes.length - 1}/*`}
        response.writeHead(start === 0 ? 200 : 206, rest)
        response.write(bytes.subarray(start, start + 150_000))
        if (start + 150_000 >= bytes.length) response.end()
        else setTimeout(() => response.destroy(), 30)
      })
      expect((await read()).equals(bytes)).to.equal(true)
      expect(registry.headers.map(({range}) => range).filter((range) => range !== undefined)).to.deep.equal([
        'bytes=150000-',
        'bytes=300000-',
      ])
    })

    it('goes on if the registry always starts from the beginning', async () => {
      let isFirst = true
      instead((response) => {
        response.writeHead(200, {'content-length': bytes.length})
        if (!isFirst) return response.end(bytes)
        isFirst = false
        response.write(bytes.subarray(0, 200_000))
        return setTimeout(() => response.destroy(), 30)
      })
      expect((await read()).equals(bytes)).to.equal(true)
    })

    it('fails with other bytes, more, fewer, or another range', async () => {
      for (const content of [randomBytes(bytes.length), Buffer.concat([bytes, bytes]), bytes.subarray(1)]) {
        instead((response) => response.end(content))
        expect(await failureOf(read())).to.have.property('kind', 'not-a-registry')
      }
      instead((response) => response.writeHead(206, {'content-range': 'bytes 5-9/10'}).end('12345'))
      expect(await failureOf(read())).to.have.property('kind', 'not-a-registry')
    })

    it('of unknown size does not go on forever', async () => {
      instead((response) => {
        const write = (): unknown =>
          response.destroyed ||
          (response.write(Buffer.alloc(50_000)) ? setImmediate(write) : response.once('drain', write))
        write()
      })
      const failure = await failureOf(read({maxBytes: 1_000_000}))
      expect(failure.message).to.contain('more than 1000000 bytes')
    })

    it('fails if nothing more comes, or byte by byte', async () => {
      using hasty = clientOf(registry.registry, {limits: impatient})
      const reading = (): Promise<Buffer> => buffer(hasty.blobs.read({digest, size: bytes.length}))
      instead((response) => response.write(bytes.subarray(0, 1000)))
      expect(await failureOf(reading())).to.have.property('kind', 'registry-unreachable')
      const timers: NodeJS.Timeout[] = []
      instead((response) => timers.push(setInterval(() => response.write('x'), 50)))
      expect(await failureOf(reading())).to.have.property('kind', 'registry-unreachable')
      for (const timer of timers) clearInterval(timer)
    })

    it('may be left in the middle', async () => {
      for await (const chunk of client.blobs.read({digest, size: bytes.length})) {
        expect(chunk.length).to.be.above(0)
        break
      }
      expect((await read()).equals(bytes)).to.equal(true)
    })

    it('is deleted, or was not there', async () => {
      instead((response) => response.writeHead(202).end())
      expect(await client.blobs.delete(digest)).to.equal(true)
      instead((response) => refuse(response, 404, 'BLOB_UNKNOWN'))
      expect(await client.blobs.delete(digest)).to.equal(false)
      instead((response) => refuse(response, 405, 'UNSUPPORTED'))
      expect(await failureOf(client.blobs.delete(digest))).to.have.property('kind', 'registry-read-only')
    })
  })

  describe('as a manifest', () => {
    const content = {schemaVersion: 2, config: {}, layers: []}
    const manifest = Buffer.from(JSON.stringify(content))
    const manifestDigest = asDigest(digestOf(manifest))

    it('is stored and read by tag and by digest, byte by byte', async () => {
      expect(await client.manifests.put(dev, {bytes: manifest, mediaType: oci})).to.equal(manifestDigest)
      for (const name of [dev, manifestDigest]) {
        expect(await client.manifests.get(name)).to.deep.equal({
          digest: manifestDigest,
          mediaType: oci,
          bytes: manifest,
          content,
        })
        expect(await client.manifests.head(name)).to.deep.equal({
          digest: manifestDigest,
          mediaType: oci,
          size: manifest.length,
        })
      }
      expect(await client.manifests.get(parseTag('other'))).to.equal(undefined)
      expect(await client.manifests.head(parseTag('other'))).to.equal(undefined)
    })

    it('must have its digest', async () => {
      instead((response) => response.setHeader('content-type', oci).end('{"config":{}}'))
      expect(await failureOf(client.manifests.get(manifestDigest))).to.have.property('kind', 'not-a-registry')
      for (const stated of [digestOf('x'), 'sha256:1', 'x'])
        for (const work of [
          () => client.manifests.get(dev),
          () => client.manifests.put(dev, {bytes: manifest, mediaType: oci}),
          () => client.manifests.head(manifestDigest),
        ]) {
          instead((response, request) => {
            request.resume()
            const headers = {'content-type': oci, 'docker-content-digest': stated}
            response.writeHead(request.method === 'PUT' ? 201 : 200, headers)
            response.end(request.method === 'HEAD' ? undefined : manifest)
          })
          expect(await failureOf(work()), stated).to.have.property('kind', 'not-a-registry')
        }
    })

    it('can have a digest by sha512', async () => {
      const stated = asDigest(`sha512:${createHash('sha512').update(manifest).digest('hex')}`)
      instead((response) =>
        response.writeHead(200, {'content-type': oci, 'docker-content-digest': stated}).end(manifest),
      )
      expect(await client.manifests.get(dev)).to.have.property('digest', stated)
      expect(await client.manifests.get(stated)).to.have.property('digest', stated)
    })

    it('is recognized without its own type, and a page is not', async () => {
      for (const [type, body, mediaType] of [
        ['application/json', manifest, oci],
        ['application/json; charset=utf-8', '{"manifests":[]}', 'application/vnd.oci.image.index.v1+json'],
        [`${oci}; charset=utf-8`, manifest, oci],
        ['text/html', manifest, undefined],
        ['application/json', '{}', undefined],
        [oci, '<html></html>', undefined],
      ] as const) {
        instead((response) => response.setHeader('content-type', type).end(body))
        const found = client.manifests.get(dev)
        if (mediaType === undefined) expect(await failureOf(found), type).to.have.property('kind', 'not-a-registry')
        else expect(await found, type).to.have.property('mediaType', mediaType)
      }
    })

    it('does not go on forever', async () => {
      instead((response) => {
        const write = (): unknown =>
          response.destroyed ||
          (response.write(Buffer.alloc(500_000)) ? setImmediate(write) : response.once('drain', write))
        write()
      })
      expect(await failureOf(client.manifests.get(dev))).to.have.property('kind', 'not-a-registry')
    })

    it('is refused by tag or as a whole', async () => {
      for (const [status, code, kind] of [
        [409, 'TAG_IMMUTABLE', 'tag-immutable'],
        [404, 'NAME_UNKNOWN', 'repository-missing'],
        [400, 'MANIFEST_INVALID', 'manifest-refused'],
        [404, 'MANIFEST_BLOB_UNKNOWN', 'upload-lost'],
      ] as const) {
        instead((response, request) => {
          request.resume()
          refuse(response, status, code)
        })
        const failure = await failureOf(client.manifests.put(dev, {bytes: manifest, mediaType: oci}))
        expect(failure.kind, code).to.equal(kind)
      }
    })
  })

  describe('as a list of tags', () => {
    async function tags(pageSize?: number): Promise<string[]> {
      const found: string[] = []
      for await (const tag of client.tags(pageSize === undefined ? {} : {pageSize})) found.push(tag)
      return found
    }

    it('has all pages, and only tags', async () => {
      instead((response, {url}) => {
        const last = new URL(url ?? '', 'http://x').searchParams.get('last')
        const more = {link: `</v2/a/b/tags/list?n=2&last=b>; rel="next"`}
        response.writeHead(200, last === null ? more : {})
        response.end(JSON.stringify({name: 'a/b', tags: last === null ? ['a', 'b', '-no', 7] : ['c']}))
      })
      expect(await tags(2)).to.deep.equal(['a', 'b', 'c'])
      expect(registry.lines.slice(-2)).to.deep.equal(['GET /v2/a/b/tags/list?n=2', 'GET /v2/a/b/tags/list?n=2&last=b'])
    })

    it('may be empty', async () => {
      for (const body of ['{"tags":null}', '{"tags":[]}']) {
        instead((response) => response.end(body))
        expect(await tags(), body).to.deep.equal([])
      }
      instead((response) => refuse(response, 404, 'NAME_UNKNOWN'))
      expect(await tags()).to.deep.equal([])
      instead((response) => response.end('{}'))
      expect(await failureOf(tags())).to.have.property('kind', 'not-a-registry')
    })

    it('ends if its pages are a circle, or lead to another server', async () => {
      for (const link of [
        '</v2/a/b/tags/list?n=1>; rel="next"',
        '<http://127.0.0.1:1/x>; rel=next',
        '<>; rel="prev"',
      ]) {
        instead((response) => response.setHeader('link', link).end('{"tags":["a"]}'))
        expect((await tags()).length, link).to.be.within(1, 2)
      }
    })
  })
})
