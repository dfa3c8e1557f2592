import {expect} from 'chai'
import fc from 'fast-check'
import {readdirSync} from 'node:fs'
import {join} from 'node:path'
import {buffer} from 'node:stream/consumers'
import {gather, Spool} from '../../../src/lib/image/spool.js'
import {cutAt, inChunks} from '../../support/chunks.js'
import {thrown} from '../../support/thrown.js'
import {ownTemporaryFolder} from '../package/temporary-folder.js'

const MEBIBYTE = 1024 * 1024

/** Bytes that differ from their neighbours, so that a piece in the wrong place shows. */
function patterned(length: number): Buffer {
  return Buffer.from(Array.from({length}, (_, index) => (index * 7 + (index >> 8) * 13 + (index >> 20) * 101) & 0xff))
}

describe('temporary file of a recording', () => {
  const folder = ownTemporaryFolder()

  it('has no name that could be left behind', async () => {
    await using spool = await Spool.create()
    expect(readdirSync(folder.path)).to.deep.equal([])
    await spool.writeAll(inChunks(Buffer.from('content')))
    expect(readdirSync(folder.path)).to.deep.equal([])
    expect(String(await buffer(spool.read()))).to.equal('content')
  })

  for (const chunk of [100, 1000, 65_536, MEBIBYTE, MEBIBYTE + 1, 5 * MEBIBYTE])
    it(`can be read any number of times, also at once, after writes in chunks of ${chunk}`, async () => {
      const bytes = patterned(2 * MEBIBYTE + 12_345)
      await using spool = await Spool.create()
      const seen: number[] = []
      await spool.writeAll(inChunks(bytes, chunk), (written) => seen.push(written))
      expect(spool.size).to.equal(bytes.length)
      expect(seen.at(-1)).to.equal(bytes.length)
      expect(seen).to.deep.equal([...new Set(seen)].sort((one, other) => one - other))
      const copies = await Promise.all([buffer(spool.read()), buffer(spool.read())])
      for (const copy of copies) expect(copy.equals(bytes)).to.equal(true)
      expect((await buffer(spool.read())).equals(bytes)).to.equal(true)
    })

  it('gives chunks that do not change while reading continues', async () => {
    const bytes = patterned(3 * MEBIBYTE)
    await using spool = await Spool.create()
    await spool.writeAll(inChunks(bytes, 100_000))
    const chunks: Buffer[] = []
    for await (const chunk of spool.read()) chunks.push(chunk)
    expect(chunks).to.have.length.above(1)
    expect(Buffer.concat(chunks).equals(bytes)).to.equal(true)
  })

  it('is empty, also once it is cleared, and can be written again', async () => {
    await using spool = await Spool.create()
    expect(await buffer(spool.read())).to.have.length(0)
    await spool.writeAll(inChunks(Buffer.from('a longer text')))
    await spool.clear()
    expect(spool.size).to.equal(0)
    expect(await buffer(spool.read())).to.have.length(0)
    await spool.writeAll(inChunks(Buffer.from('short')))
    await spool.writeAll(inChunks(Buffer.from(', and more')))
    expect(String(await buffer(spool.read()))).to.equal('short, and more')
  })

  it('throws an error of its source unchanged', async () => {
    const broken = new Error('the connection broke')
    async function* source(): AsyncGenerator<Buffer> {
      yield* inChunks(Buffer.alloc(3 * MEBIBYTE), 100_000)
      throw broken
    }
    await using spool = await Spool.create()
    expect(await thrown(spool.writeAll(source()))).to.equal(broken)
  })

  it('can be read as far as it is written, while others are still written', async () => {
    const bytes = patterned(3 * MEBIBYTE)
    await using spool = await Spool.create()
    let isEnding: () => void = () => undefined
    const ending = new Promise<void>((resolve) => (isEnding = resolve))
    async function* source(): AsyncGenerator<Buffer> {
      yield bytes.subarray(0, 2 * MEBIBYTE)
      await ending
      yield bytes.subarray(2 * MEBIBYTE)
    }
    const writing = spool.writeAll(source())
    await spool.written(MEBIBYTE)
    const first = await buffer(spool.read({offset: 0, length: MEBIBYTE}))
    expect(first.equals(bytes.subarray(0, MEBIBYTE))).to.equal(true)
    let isAll = false
    const all = spool.written(bytes.length).then(() => (isAll = true))
    await new Promise(setImmediate)
    expect(isAll).to.equal(false)
    isEnding()
    await Promise.all([writing, all])
    expect((await buffer(spool.read())).equals(bytes)).to.equal(true)
  })

  it('can be read with gaps', async () => {
    const bytes = patterned(4 * MEBIBYTE)
    await using spool = await Spool.create()
    await spool.writeAll(inChunks(bytes))
    const reader = spool.read({offset: 100, length: 3 * MEBIBYTE})
    const seen: Buffer[] = []
    for await (const chunk of reader) {
      seen.push(chunk)
      reader.skip(MEBIBYTE)
    }
    expect(seen).to.have.lengthOf(2)
    expect(seen[0]?.equals(bytes.subarray(100, 100 + MEBIBYTE))).to.equal(true)
    expect(seen[1]?.equals(bytes.subarray(100 + 2 * MEBIBYTE, 100 + 3 * MEBIBYTE))).to.equal(true)
  })

  it('fails whoever waits for bytes that never come, also later, until it is cleared', async () => {
    const broken = new Error('the connection broke')
    async function* source(): AsyncGenerator<Buffer> {
      yield* inChunks(Buffer.alloc(10))
      throw broken
    }
    await using spool = await Spool.create()
    const waiting = thrown(spool.written(20))
    await thrown(spool.writeAll(source()))
    expect([await waiting, await thrown(spool.written(20))]).to.deep.equal([broken, broken])
    await spool.clear()
    await spool.writeAll(inChunks(Buffer.alloc(20)))
    await spool.written(20)
  })

  it('cannot be created in a missing folder', async () => {
    process.env.TMPDIR = join(folder.path, 'missing')
    const error = await thrown(Spool.create())
    expect(error).to.include({code: 'spool-failed', exitCode: 1})
    expect(error.message).to.include(join(folder.path, 'missing'))
    expect(error).to.have.property('hint').that.includes('TMPDIR')
  })

  it('cannot be written once it is closed', async () => {
    const spool = await Spool.create()
    await spool[Symbol.asyncDispose]()
    expect(await thrown(spool.writeAll(inChunks(Buffer.alloc(10))))).to.include({code: 'spool-failed'})
  })
})

describe('stream in chunks of a size', () => {
  it('has the same bytes, all chunks but the last of exactly that size', async () => {
    const bytes = fc.uint8Array({maxLength: 200}).map((array) => Buffer.from(array))
    await fc.assert(
      fc.asyncProperty(
        bytes,
        fc.array(fc.nat({max: 200}), {maxLength: 8}),
        fc.integer({min: 1, max: 60}),
        async (content, cuts, size) => {
          const chunks: Buffer[] = []
          for await (const chunk of gather(cutAt(content, cuts), size)) chunks.push(chunk)
          expect(Buffer.concat(chunks)).to.deep.equal(content)
          expect(chunks.slice(0, -1).filter(({length}) => length !== size)).to.deep.equal([])
          expect(chunks).to.have.length(Math.ceil(content.length / size))
        },
      ),
    )
  })
})
