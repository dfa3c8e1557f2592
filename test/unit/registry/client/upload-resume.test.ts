import {expect} from 'chai'
import {createHash, randomBytes} from 'node:crypto'
import {once} from 'node:events'
import type {IncomingMessage} from 'node:http'
import type {Limits} from '../../../../src/lib/registry/client/limits.js'
import type {UploadCheckpoint, UploadMemory} from '../../../../src/lib/registry/client/upload-checkpoint.js'
import type {StreamedBlob} from '../../../../src/lib/registry/client/upload-stream.js'
import {thrown} from '../../../support/thrown.js'
import {asDigest, clientOf, failureOf} from './client.js'
import {digestOf, MemoryRegistry, refuse} from './memory-registry.js'

const CHUNK = 100_000
const bytes = randomBytes(10 * CHUNK)
const digest = asDigest(digestOf(bytes))
const stopped = new Error('stopped')

/** Remembers in memory what kegs remember in a file. */
class Memory implements UploadMemory {
  last: UploadCheckpoint | undefined

  get earlier(): UploadCheckpoint | undefined {
    return this.last
  }

  save(checkpoint: UploadCheckpoint): Promise<boolean> {
    this.last = checkpoint
    return Promise.resolve(true)
  }

  forget(): Promise<void> {
    this.last = undefined
    return Promise.resolve()
  }
}

async function* stream(content = bytes): AsyncGenerator<Buffer> {
  for (let start = 0; start < content.length; start += CHUNK / 2)
    yield await Promise.resolve(content.subarray(start, start + CHUNK / 2))
}

describe('an upload that was interrupted', () => {
  let registry: MemoryRegistry
  let memory: Memory
  let sent: number

  beforeEach(async () => {
    registry = await MemoryRegistry.start()
    memory = new Memory()
    sent = 0
  })
  afterEach(() => registry.stop())

  /** Waits for its last chunk as long as it takes, on a busy machine too. */
  const patient = {lastChunkMilliseconds: 30_000}

  async function upload(
    parts: Partial<StreamedBlob> = {},
    signal?: AbortSignal,
    limits: Partial<Limits> = patient,
  ): Promise<unknown> {
    const client = clientOf(registry.registry, {limits, ...(signal && {signal})})
    sent = 0
    try {
      return await client.blobs.uploadStream({
        ...{content: stream(), again: () => stream(), chunkBytes: CHUNK, memory},
        onBytes: (count) => (sent += count),
        ...parts,
      })
    } finally {
      client[Symbol.dispose]()
    }
  }

  const patches = (): number => registry.count(/^PATCH /)
  const ranges = (): unknown[] =>
    registry.headers.map((headers) => headers['content-range']).filter((range) => range !== undefined)
  const uploaded = (): Buffer[] => [...registry.uploads.values()]

  /** Stops an upload while its fourth chunk is sent. */
  async function interrupt(parts: Partial<StreamedBlob> = {}): Promise<void> {
    const controller = new AbortController()
    registry.lines.length = 0
    registry.instead = (line) => {
      if (line.startsWith('PATCH') && patches() === 4) controller.abort(stopped)
      return false
    }
    expect(await thrown(upload(parts, controller.signal))).to.equal(stopped)
    registry.instead = () => false
    registry.lines.length = registry.headers.length = 0
  }

  it('still sends its last chunk, is left to the registry, and goes on behind it', async () => {
    await interrupt()
    expect(uploaded().map((held) => held.equals(bytes.subarray(0, 4 * CHUNK)))).to.deep.equal([true])
    expect(memory.last).to.deep.include({
      bytes: 4 * CHUNK,
      sha256: createHash('sha256')
        .update(bytes.subarray(0, 4 * CHUNK))
        .digest('hex'),
    })
    let skipped = 0
    expect(await upload({onSkip: (count) => (skipped = count)})).to.equal(digest)
    expect(registry.blobs.get(digest)?.equals(bytes)).to.equal(true)
    expect([skipped, sent]).to.deep.equal([4 * CHUNK, 6 * CHUNK])
    expect(ranges()[0]).to.equal(`${4 * CHUNK}-${5 * CHUNK - 1}`)
    expect(registry.count(/^POST /)).to.equal(0)
    expect([memory.last, uploaded()]).to.deep.equal([undefined, []])
  })

  it('goes on behind all that the registry has, also if that is more than it confirmed', async () => {
    await interrupt()
    for (const id of registry.uploads.keys()) registry.uploads.set(id, bytes.subarray(0, 4 * CHUNK + 123))
    expect(await upload()).to.equal(digest)
    expect(sent).to.equal(6 * CHUNK - 123)
  })

  it('begins again if the registry has less than it confirmed', async () => {
    await interrupt()
    for (const id of registry.uploads.keys()) registry.uploads.set(id, bytes.subarray(0, 3 * CHUNK))
    expect(await upload()).to.equal(digest)
    expect([sent, uploaded()]).to.deep.equal([bytes.length, []])
  })

  it('begins again if the registry has forgotten it', async () => {
    await interrupt()
    registry.uploads.clear()
    expect(await upload()).to.equal(digest)
    expect(sent).to.equal(bytes.length)
    expect([memory.last, uploaded()]).to.deep.equal([undefined, []])
  })

  it('does not go on with other content, and sends none of it there', async () => {
    for (const change of [0, 4 * CHUNK - 1]) {
      await interrupt()
      const other = Buffer.from(bytes)
      other[change] = (other[change] ?? 0) ^ 1
      const content = (): AsyncIterable<Buffer> => stream(other)
      expect(await upload({content: content(), again: content})).to.equal(digestOf(other))
      expect(sent).to.equal(other.length)
      expect(ranges()[0]).to.equal(`0-${CHUNK - 1}`)
      expect([memory.last, uploaded()]).to.deep.equal([undefined, []])
    }
  })

  it('goes on with content that only differs behind what was sent, and begins again with a shorter one', async () => {
    await interrupt()
    const other = Buffer.from(bytes)
    other[4 * CHUNK] = (other[4 * CHUNK] ?? 0) ^ 1
    const content = (): AsyncIterable<Buffer> => stream(other)
    expect(await upload({content: content(), again: content})).to.equal(digestOf(other))
    expect(sent).to.equal(6 * CHUNK)
    await interrupt()
    const short = (): AsyncIterable<Buffer> => stream(bytes.subarray(0, 3 * CHUNK))
    expect(await upload({content: short(), again: short})).to.equal(digestOf(bytes.subarray(0, 3 * CHUNK)))
    expect(sent).to.equal(3 * CHUNK)
  })

  it('is sent anew if the registry had other bytes than it confirmed, as the digest shows', async () => {
    await interrupt()
    for (const id of registry.uploads.keys()) registry.uploads.set(id, randomBytes(4 * CHUNK))
    expect(await upload()).to.equal(digest)
    expect(registry.blobs.get(digest)?.equals(bytes)).to.equal(true)
    expect(sent, 'what was sent in vain is not counted').to.equal(bytes.length)
    expect(registry.lines.filter((line) => line.startsWith('PUT'))).to.have.lengthOf(2)
    expect(memory.last).to.equal(undefined)
  })

  it('can be interrupted again and again', async () => {
    await interrupt()
    await interrupt()
    expect(memory.last).to.have.property('bytes', 8 * CHUNK)
    expect(await upload()).to.equal(digest)
    expect(sent).to.equal(2 * CHUNK)
  })

  it('is kept if the next run is interrupted before it has read what was sent', async () => {
    await interrupt()
    const before = memory.last
    const controller = new AbortController()
    async function* stopping(): AsyncGenerator<Buffer> {
      yield* stream(bytes.subarray(0, CHUNK))
      controller.abort(stopped)
      yield* stream(bytes.subarray(CHUNK))
    }
    expect(await thrown(upload({content: stopping()}, controller.signal))).to.equal(stopped)
    expect(memory.last).to.equal(before)
    expect(await upload()).to.equal(digest)
    expect(sent).to.equal(6 * CHUNK)
  })

  it('goes on within a chunk that broke off, if the registry says how much it has', async () => {
    const controller = new AbortController()
    registry.instead = async (line, request) => {
      if (!line.startsWith('PATCH') || patches() !== 3) return false
      await keepSome(request, CHUNK / 4)
      controller.abort(stopped)
      return true
    }
    expect(await thrown(upload({}, controller.signal))).to.equal(stopped)
    registry.instead = () => false
    expect(memory.last).to.have.property('bytes', 2 * CHUNK)
    expect(await upload()).to.equal(digest)
    expect(sent).to.equal(bytes.length - 2.25 * CHUNK)
  })

  it('is not waited for any longer than for a last chunk', async () => {
    const controller = new AbortController()
    registry.instead = (line, request) => {
      if (!line.startsWith('PATCH') || patches() !== 3) return false
      request.resume()
      controller.abort(stopped)
      return true
    }
    const limits = {lastChunkMilliseconds: 100, answerMilliseconds: 40_000, idleMilliseconds: 40_000}
    expect(await thrown(upload({}, controller.signal, limits))).to.equal(stopped)
    registry.instead = () => false
    expect(memory.last).to.have.property('bytes', 2 * CHUNK)
    expect(await upload()).to.equal(digest)
    expect(sent).to.equal(bytes.length - 2 * CHUNK)
  })

  it('is forgotten if a chunk broke off, and the registry does not say how much it has', async () => {
    const controller = new AbortController()
    registry.instead = async (line, request, response) => {
      if (line.startsWith('GET /v2/a')) {
        refuse(response, 400, 'BLOB_UPLOAD_INVALID')
        return true
      }
      if (!line.startsWith('PATCH') || patches() !== 3) return false
      await keepSome(request, CHUNK / 4)
      controller.abort(stopped)
      return true
    }
    expect(await thrown(upload({}, controller.signal))).to.equal(stopped)
    expect([memory.last, uploaded()]).to.deep.equal([undefined, []])
  })

  it('goes on after the registry was away for longer than keg waits', async () => {
    registry.instead = (line, request) => {
      if (!/^(?:PATCH|GET) \/v2\/a/.test(line) || patches() < 3) return false
      request.socket.destroy()
      return true
    }
    expect(await failureOf(upload())).to.have.property('kind', 'registry-broke-off')
    registry.instead = () => false
    expect(memory.last).to.have.property('bytes', 2 * CHUNK)
    expect(await upload()).to.equal(digest)
    expect(sent).to.equal(bytes.length - 2 * CHUNK)
  })

  it('is cancelled and forgotten if the registry refuses it, or its source fails', async () => {
    registry.instead = (line, request, response) => {
      if (!line.startsWith('PATCH') || patches() !== 3) return false
      request.resume()
      refuse(response, 403, 'DENIED', 'quota exceeded')
      return true
    }
    expect(await failureOf(upload())).to.have.property('kind', 'registry-full')
    expect([memory.last, uploaded()]).to.deep.equal([undefined, []])
    registry.instead = () => false
    async function* failing(): AsyncGenerator<Buffer> {
      yield* stream(bytes.subarray(0, 3 * CHUNK))
      throw stopped
    }
    expect(await thrown(upload({content: failing()}))).to.equal(stopped)
    expect([memory.last, uploaded()]).to.deep.equal([undefined, []])
  })

  it('is not remembered if its address is elsewhere, or grants something by itself', async () => {
    for (const search of ['?token=x', '?_state=1&X-Amz-Signature=y', '?sig=z']) {
      const controller = new AbortController()
      registry.instead = (line, _, response) => {
        if (line.startsWith('PATCH') && patches() === 2) controller.abort(stopped)
        const write = response.writeHead.bind(response)
        response.writeHead = ((status: number, headers: Record<string, string> = {}) =>
          write(status, {
            ...headers,
            ...(headers.location !== undefined && {location: headers.location.replace(/\?.*/, search)}),
          })) as typeof response.writeHead
        return false
      }
      registry.lines.length = 0
      expect(await thrown(upload({}, controller.signal)), search).to.equal(stopped)
      expect([memory.last, uploaded()], search).to.deep.equal([undefined, []])
    }
  })

  it('goes on also if its digest and size are known before', async () => {
    const whole = (signal?: AbortSignal): Promise<void> => {
      const client = clientOf(registry.registry, {limits: patient, ...(signal && {signal})})
      const onBytes = (count: number): unknown => (sent += count)
      const blob = {digest, size: bytes.length, open: () => stream(), chunkBytes: CHUNK, memory, onBytes}
      return client.blobs.upload(blob).finally(() => client[Symbol.dispose]())
    }
    const controller = new AbortController()
    registry.instead = (line) => {
      if (line.startsWith('PATCH') && patches() === 4) controller.abort(stopped)
      return false
    }
    expect(await thrown(whole(controller.signal))).to.equal(stopped)
    registry.instead = () => false
    expect(sent).to.equal(4 * CHUNK)
    await whole()
    expect(registry.blobs.get(digest)?.equals(bytes)).to.equal(true)
    expect(sent).to.equal(bytes.length)
  })

  it('is sent in one request if its registry takes no chunks', async () => {
    registry.instead = (line, request, response) => {
      if (!line.startsWith('PATCH')) return false
      request.resume()
      refuse(response, 404, 'BLOB_UPLOAD_UNKNOWN')
      return true
    }
    const client = clientOf(registry.registry)
    const onBytes = (count: number): unknown => (sent += count)
    await client.blobs.upload({digest, size: bytes.length, open: () => stream(), chunkBytes: CHUNK, onBytes})
    client[Symbol.dispose]()
    expect(registry.blobs.get(digest)?.equals(bytes)).to.equal(true)
    expect(sent).to.equal(bytes.length)
  })

  /** Reads some bytes of a request, which the registry keeps, then breaks off. */
  async function keepSome(request: IncomingMessage, keep: number): Promise<void> {
    const id = /[0-9a-f-]{36}/.exec(request.url ?? '')?.[0] ?? ''
    const held = registry.uploads.get(id) ?? Buffer.alloc(0)
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    await once(request, 'end')
    registry.uploads.set(id, Buffer.concat([held, Buffer.concat(parts).subarray(0, keep)]))
    request.socket.destroy()
  }
})
