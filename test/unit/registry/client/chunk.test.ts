import {expect} from 'chai'
import fc from 'fast-check'
import {chunkFrom, ChunkReader} from '../../../../src/lib/registry/client/chunk.js'

// oxlint-disable-next-line typescript/require-await -- it is read like any other stream
async function* streamOf(buffers: readonly Uint8Array[]): AsyncGenerator<Buffer> {
  for (const buffer of buffers) yield Buffer.from(buffer)
}

const buffers = fc.array(fc.uint8Array({maxLength: 20}), {maxLength: 12})

describe('ChunkReader', () => {
  it('returns all bytes in chunks of at least a size, but for the last', () =>
    fc.assert(
      fc.asyncProperty(buffers, fc.integer({min: 1, max: 30}), async (content, bytes) => {
        await using reader = new ChunkReader(streamOf(content), bytes)
        const chunks: Buffer[] = []
        const ends: boolean[] = []
        for (let chunk = await reader.next(); chunk !== undefined; chunk = await reader.next()) {
          chunks.push(Buffer.concat(chunk.buffers))
          ends.push(await reader.isLast())
          expect(chunks.at(-1)).to.have.length(chunk.length)
        }
        expect(Buffer.concat(chunks).equals(Buffer.concat(content))).to.equal(true)
        for (const chunk of chunks.slice(0, -1)) expect(chunk.length).to.be.at.least(bytes)
        expect(ends).to.deep.equal(chunks.map((_, index) => index === chunks.length - 1))
      }),
    ))

  it('has one empty chunk for an empty stream', async () => {
    const reader = new ChunkReader(streamOf([]), 5)
    expect(await reader.next()).to.deep.equal({buffers: [], length: 0})
    expect(await reader.next()).to.equal(undefined)
  })

  it('ends its source', async () => {
    let isEnded = false
    async function* source(): AsyncGenerator<Buffer> {
      try {
        for (;;) yield await Promise.resolve(Buffer.alloc(10))
      } finally {
        isEnded = true
      }
    }
    {
      await using reader = new ChunkReader(source(), 5)
      await reader.next()
    }
    await new Promise(setImmediate)
    expect(isEnded).to.equal(true)
  })
})

describe('chunkFrom', () => {
  it('leaves out the first bytes', () =>
    fc.assert(
      fc.property(buffers, fc.nat(100), (content, start) => {
        const all = Buffer.concat(content)
        const chunk = {buffers: content.map((each) => Buffer.from(each)), length: all.length}
        const rest = chunkFrom(chunk, start)
        expect(Buffer.concat(rest.buffers).equals(all.subarray(start))).to.equal(true)
        expect(rest.length).to.equal(Math.max(0, all.length - start))
      }),
    ))
})
