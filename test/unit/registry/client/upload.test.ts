import {expect} from 'chai'
import {randomBytes} from 'node:crypto'
import {once} from 'node:events'
import type {IncomingMessage} from 'node:http'
import {setTimeout as sleep} from 'node:timers/promises'
import type {RegistryClient} from '../../../../src/lib/registry/client/registry-client.js'
import type {StreamedBlob} from '../../../../src/lib/registry/client/upload-stream.js'
import {thrown} from '../../../support/thrown.js'
import {asDigest, clientOf, failureOf, type ClientParts} from './client.js'
import {digestOf, MemoryRegistry, refuse} from './memory-registry.js'

const bytes = randomBytes(300_000)
const digest = asDigest(digestOf(bytes))
const patch = /^PATCH /

describe('an upload of a blob', () => {
  let registry: MemoryRegistry
  let client: RegistryClient
  let sent: number

  beforeEach(async () => {
    registry = await MemoryRegistry.start()
    client = clientOf(registry.registry)
    sent = 0
  })
  afterEach(async () => {
    client[Symbol.dispose]()
    await registry.stop()
  })

  const onBytes = (count: number): unknown => (sent += count)

  async function* stream(from = 0): AsyncGenerator<Buffer> {
    for (let start = from; start < bytes.length; start += 30_000)
      yield await Promise.resolve(bytes.subarray(start, Math.min(bytes.length, start + 30_000)))
  }

  function upload(parts: Partial<StreamedBlob> = {}, using?: ClientParts): Promise<unknown> {
    const own = using === undefined ? client : clientOf(registry.registry, using)
    return own.blobs
      .uploadStream({content: stream(), chunkBytes: 100_000, onBytes, ...parts})
      .finally(() => own === client || own[Symbol.dispose]())
  }

  /** The registry has the blob and no open upload, and all its bytes were reported once. */
  function expectStored(): void {
    expect(registry.blobs.get(digest)?.equals(bytes)).to.equal(true)
    expect([...registry.uploads.keys()]).to.deep.equal([])
    expect(sent).to.equal(bytes.length)
  }

  /** Reads some bytes of a request, which the registry keeps, then breaks off. */
  async function keepSome(request: IncomingMessage, keep: number): Promise<void> {
    const id = /[0-9a-f-]{36}/.exec(request.url ?? '')?.[0] ?? ''
    let held = registry.uploads.get(id) ?? Buffer.alloc(0)
    let rest = keep
    for await (const chunk of request as AsyncIterable<Buffer>) {
      held = Buffer.concat([held, chunk.subarray(0, rest)])
      rest -= Math.min(rest, chunk.length)
      if (rest === 0) break
    }
    registry.uploads.set(id, held)
    request.socket.destroy()
  }

  it('is made in chunks, with their ranges', async () => {
    expect(await upload()).to.equal(digest)
    expectStored()
    const ranges = registry.headers.map((headers) => headers['content-range']).filter((range) => range !== undefined)
    expect(ranges).to.deep.equal(['0-119999', '120000-239999', '240000-299999'])
    expect(registry.lines.at(-1)).to.match(/^PUT .*_state=s%2Fs%3D&digest=sha256%3A/)
  })

  it('is made in one request if it fits into a chunk, even if it is empty', async () => {
    await upload({chunkBytes: 400_000})
    expectStored()
    expect(registry.count(patch)).to.equal(0)
    const nothing = asDigest(digestOf(''))
    const empty = (async function* (): AsyncGenerator<Buffer> {})()
    await client.blobs.uploadStream({content: empty})
    expect(registry.blobs.get(nothing)).to.have.length(0)
  })

  it('has chunks as large as the registry requires', async () => {
    registry.instead = (line, _, response) => {
      if (line.startsWith('POST')) response.setHeader('oci-chunk-min-length', '200000')
      return false
    }
    await upload({chunkBytes: 1})
    expectStored()
    expect(registry.count(patch)).to.equal(2)
  })

  it('reads its source while it sends, one chunk ahead, and no further', async () => {
    let read = 0
    async function* counted(): AsyncGenerator<Buffer> {
      for await (const chunk of stream()) {
        read += chunk.length
        yield chunk
      }
    }
    const reads: number[] = []
    registry.instead = async (line) => {
      if (patch.test(line)) {
        await sleep(50)
        reads.push(read)
      }
      return false
    }
    await upload({content: counted(), chunkBytes: 30_000})
    expect(reads.slice(0, 3)).to.deep.equal([60_000, 90_000, 120_000])
  })

  it('goes on where a chunk broke off', async () => {
    let broken = 0
    registry.instead = async (line, request) => {
      if (!patch.test(line) || ++broken !== 2) return false
      await keepSome(request, 50_000)
      return true
    }
    await upload()
    expectStored()
    expect(registry.count(/^GET \/v2\/a/)).to.equal(1)
    const ranges = registry.headers.map((headers) => headers['content-range']).filter((range) => range !== undefined)
    expect(ranges).to.deep.equal(['0-119999', '120000-239999', '170000-239999', '240000-299999'])
  })

  it('goes on after an error of the server, which may have stored nothing', async () => {
    for (const status of [500, 502, 503, 429, 408]) {
      registry.lines.length = 0
      registry.blobs.clear()
      sent = 0
      let failed = 0
      registry.instead = (line, request, response) => {
        if (!patch.test(line) || ++failed > 2) return false
        request.resume()
        request.on('end', () => refuse(response, status, 'UNKNOWN'))
        return true
      }
      await upload()
      expectStored()
    }
  })

  it('goes on from where the registry has it, if that is less than was sent', async () => {
    let isFirst = true
    registry.instead = async (line, request, response) => {
      if (!patch.test(line) || !isFirst) return false
      isFirst = false
      request.resume()
      await once(request, 'end')
      const id = /[0-9a-f-]{36}/.exec(request.url ?? '')?.[0] ?? ''
      registry.uploads.set(id, bytes.subarray(0, 1000))
      response.writeHead(202, {location: request.url, range: '0-999'}).end()
      return true
    }
    await upload()
    expectStored()
  })

  it('is begun again if the registry lost it, only with the bytes kept', async () => {
    let isLost = false
    registry.instead = (line) => {
      if (patch.test(line) && registry.count(patch) === 2 && !isLost) {
        isLost = true
        registry.uploads.clear()
      }
      return false
    }
    await upload({again: () => stream()})
    expectStored()
    expect(registry.count(/^POST /)).to.equal(2)
    isLost = false
    registry.lines.length = 0
    expect(await failureOf(upload())).to.have.property('kind', 'upload-lost')
  })

  it('goes back within a session that lost confirmed bytes, only with the bytes kept', async () => {
    let isLost = false
    registry.instead = (line, request) => {
      if (!patch.test(line) || registry.count(patch) !== 2 || isLost) return false
      isLost = true
      for (const id of registry.uploads.keys()) registry.uploads.set(id, bytes.subarray(0, 70_000))
      request.socket.destroy()
      return true
    }
    await upload({again: () => stream()})
    expectStored()
    expect(registry.count(/^POST /)).to.equal(1)
    isLost = false
    registry.lines.length = 0
    expect(await failureOf(upload())).to.have.property('kind', 'upload-lost')
  })

  it('fails with nonsense ranges', async () => {
    for (const range of ['0-999999999', '5-10', '0--7', 'bytes', '0-99999999999999999999999']) {
      registry.instead = (line, request, response) => {
        if (!patch.test(line)) return false
        request.resume()
        response.writeHead(202, {location: request.url, range}).end()
        return true
      }
      expect(await failureOf(upload()), range).to.have.property('kind', 'upload-lost')
      expect([...registry.uploads.keys()], range).to.deep.equal([])
    }
  })

  it('ends after some tries if it gets nowhere', async () => {
    registry.instead = (line, request) => {
      if (!patch.test(line)) return false
      request.socket.destroy()
      return true
    }
    expect(await failureOf(upload())).to.have.property('kind', 'registry-broke-off')
    expect(registry.count(patch)).to.equal(3)
    expect(registry.count(/^DELETE /)).to.equal(1)
    expect([...registry.uploads.keys()]).to.deep.equal([])
  })

  it('fails at once, and is cancelled, if the registry refuses it', async () => {
    for (const [status, code, kind] of [
      [413, 'SIZE_INVALID', 'registry-too-large'],
      [403, 'DENIED', 'registry-denied'],
      [507, 'UNKNOWN', 'registry-full'],
    ] as const) {
      registry.lines.length = 0
      registry.instead = (line, request, response) => {
        if (!patch.test(line)) return false
        request.resume()
        refuse(response, status, code)
        return true
      }
      const failure = await failureOf(upload())
      expect(failure, code).to.include({kind, status})
      expect(registry.count(patch)).to.equal(1)
      expect([...registry.uploads.keys()]).to.deep.equal([])
    }
  })

  it('sees an answer that comes before everything is sent', async () => {
    registry.instead = (line, _, response) => {
      if (!line.startsWith('PUT')) return false
      refuse(response, 413, 'SIZE_INVALID')
      return true
    }
    const size = 50_000_000
    let opened = 0
    async function* open(): AsyncGenerator<Buffer> {
      for (let at = 0; at < size; at += 100_000) {
        opened += 100_000
        yield await Promise.resolve(Buffer.alloc(100_000))
      }
    }
    expect(await failureOf(client.blobs.upload({digest, size, open, chunkBytes: size}))).to.have.property(
      'kind',
      'registry-too-large',
    )
    expect(opened).to.be.below(size)
  })

  it('ends at once when aborted, whatever it waits for, and is cancelled', async () => {
    const reason = new Error('enough')
    const hang = new Promise<never>(() => undefined)
    let controller = new AbortController()
    async function* stuck(): AsyncGenerator<Buffer> {
      yield bytes.subarray(0, 150_000)
      controller.abort(reason)
      await hang
    }
    const waiting = (pattern: RegExp) => (line: string) => {
      if (!pattern.test(line)) return false
      controller.abort(reason)
      return true
    }
    for (const [what, instead, parts] of [
      ['the source', () => false, {content: stuck()}],
      ['the registry', waiting(patch), {}],
      ['the start', waiting(/^POST/), {}],
    ] as const) {
      registry.instead = instead
      controller = new AbortController()
      const startedAt = performance.now()
      const limits = {answerMilliseconds: 20_000, idleMilliseconds: 20_000}
      expect(await thrown(upload(parts, {signal: controller.signal, limits})), what).to.equal(reason)
      expect(performance.now() - startedAt, what).to.be.below(15_000)
      expect([...registry.uploads.keys()], what).to.deep.equal([])
    }
  })

  it('is cancelled if its source fails, with the error of the source', async () => {
    const problem = new Error('no such container')
    async function* failing(): AsyncGenerator<Buffer> {
      yield await Promise.resolve(bytes.subarray(0, 250_000))
      throw problem
    }
    expect(await thrown(upload({content: failing()}))).to.equal(problem)
    expect([...registry.uploads.keys()]).to.deep.equal([])
    const open = (): AsyncGenerator<Buffer> => failing()
    expect(await thrown(client.blobs.upload({digest, size: bytes.length, open}))).to.equal(problem)
    expect([...registry.uploads.keys()]).to.deep.equal([])
  })

  it('is complete if only the last answer was lost', async () => {
    registry.instead = (line, request) => {
      if (!line.startsWith('PUT') || registry.count(/^PUT /) > 1) return false
      registry.uploads.clear()
      registry.blobs.set(digest, bytes)
      request.socket.destroy()
      return true
    }
    await upload()
    expectStored()
    expect(registry.lines.filter((line) => /^(PUT|HEAD) /.test(line))).to.have.length(2)
  })

  it('fails if the registry computes another digest', async () => {
    const other = asDigest(digestOf('other'))
    expect(await failureOf(upload({digest: other}))).to.have.property('kind', 'upload-lost')
    registry.instead = (line, request, response) => {
      if (!line.startsWith('PUT')) return false
      request.resume()
      response.writeHead(201, {'docker-content-digest': other}).end()
      return true
    }
    expect(await failureOf(upload())).to.have.property('kind', 'upload-lost')
  })

  describe('that is known before', () => {
    const whole = (parts: object = {}): Promise<void> =>
      client.blobs.upload({digest, size: bytes.length, open: () => stream(), onBytes, ...parts})

    it('is one request with its size', async () => {
      await whole()
      expectStored()
      expect(registry.headers.at(-1)).to.have.property('content-length', String(bytes.length))
    })

    it('is sent again in a new upload after a broken connection', async () => {
      registry.instead = async (line, request) => {
        if (!line.startsWith('PUT') || registry.count(/^PUT /) > 1) return false
        await keepSome(request, 70_000)
        return true
      }
      await whole()
      expectStored()
      expect(registry.count(/^POST /)).to.equal(2)
    })

    it('must have its size', async () => {
      for (const size of [bytes.length - 1, bytes.length + 1])
        expect((await thrown(whole({size}))).message).to.contain('another length')
      expect([...registry.uploads.keys()]).to.deep.equal([])
    })
  })

  describe('at an address of its own', () => {
    it('on another host goes on there, without the password', async () => {
      const other = await MemoryRegistry.start()
      const basic = 'Basic YW5uOnM='
      registry.instead = (line, request, response) => {
        if (request.headers.authorization !== basic) {
          response.writeHead(401, {'www-authenticate': 'Basic realm="x"'}).end()
          return true
        }
        if (!line.startsWith('POST')) return false
        const id = '00000000-0000-0000-0000-000000000000'
        other.uploads.set(id, Buffer.alloc(0))
        response.writeHead(202, {location: `http://${other.registry}/v2/a/b/blobs/uploads/${id}?sig=1`}).end()
        return true
      }
      await upload({}, {credentials: {kind: 'password', username: 'ann', secret: 's', origin: 'x'}})
      expect(other.blobs.get(digest)?.equals(bytes)).to.equal(true)
      expect(other.headers.every((headers) => headers.authorization === undefined)).to.equal(true)
      await other.stop()
    })

    it('is not followed to another scheme, or with a password in it', async () => {
      for (const location of [
        'ftp://x/',
        'file:///etc/passwd',
        'javascript:1',
        'http://',
        'http://ann:s@127.0.0.1:1/',
        undefined,
      ]) {
        registry.instead = (line, _, response) => {
          if (!line.startsWith('POST')) return false
          response.writeHead(202, location === undefined ? {} : {location}).end()
          return true
        }
        const failure = await failureOf(upload())
        expect(failure, String(location)).to.have.property('kind', 'not-a-registry')
        expect(failure.message).not.to.contain('ann')
      }
    })
  })

  describe('by a mount', () => {
    const from = 'c/d' as Parameters<RegistryClient['blobs']['mount']>[1]

    it('needs no bytes', async () => {
      registry.blobs.set(digest, bytes)
      expect(await client.blobs.mount(digest, from)).to.deep.equal({kind: 'mounted'})
      expect(registry.lines.at(-1)).to.contain(`mount=${encodeURIComponent(digest)}&from=c%2Fd`)
    })

    it('can give an upload instead, to be used or cancelled', async () => {
      const first = await client.blobs.mount(digest, from)
      if (first.kind !== 'upload') throw new Error(first.kind)
      await upload({session: first.session})
      expectStored()
      expect(registry.count(/^POST /)).to.equal(1)
      registry.blobs.clear()
      const second = await client.blobs.mount(digest, from)
      if (second.kind !== 'upload') throw new Error(second.kind)
      await second.session[Symbol.asyncDispose]()
      expect([...registry.uploads.keys()]).to.deep.equal([])
    })

    it('can be refused without an end of everything', async () => {
      registry.instead = (_, request, response) => {
        request.resume()
        refuse(response, 403, 'DENIED')
        return true
      }
      expect(await client.blobs.mount(digest, from)).to.deep.equal({kind: 'refused'})
    })
  })
})
