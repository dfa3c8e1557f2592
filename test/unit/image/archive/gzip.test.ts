import {expect} from 'chai'
import fc from 'fast-check'
import {execFileSync} from 'node:child_process'
import {createHash} from 'node:crypto'
import {buffer} from 'node:stream/consumers'
import {gunzipSync, inflateRawSync} from 'node:zlib'
import {gzipMembers} from '../../../../src/lib/image/archive/gzip.js'
import {cutAt, inChunks} from '../../../support/chunks.js'
import {thrown} from '../../../support/thrown.js'

const MEBIBYTE = 1024 * 1024

/** Bytes that compress a little, and are the same each time. */
function bytesLike(seed: string, length: number): Buffer {
  const blocks = Array.from({length: Math.ceil(length / 64)}, (_, index) =>
    createHash('sha256').update(`${seed}${index}`).digest('hex'),
  )
  return Buffer.from(blocks.join('')).subarray(0, length)
}

describe('gzip in members', () => {
  const large = bytesLike('large', 3 * MEBIBYTE + 12_345)

  it('is read by zlib, whatever the content and its chunks', async () => {
    const content = fc.uint8Array({maxLength: 3000}).map((bytes) => Buffer.from(bytes))
    await fc.assert(
      fc.asyncProperty(content, fc.array(fc.nat({max: 3000}), {maxLength: 5}), async (bytes, cuts) => {
        expect(gunzipSync(await buffer(gzipMembers(cutAt(bytes, cuts))))).to.deep.equal(bytes)
      }),
    )
  })

  for (const length of [0, 1, MEBIBYTE - 1, MEBIBYTE, MEBIBYTE + 1, large.length])
    it(`of ${length} bytes is read by zlib and by gzip`, async () => {
      const bytes = large.subarray(0, length)
      const compressed = await buffer(gzipMembers(inChunks(bytes, 100_000)))
      expect(gunzipSync(compressed).equals(bytes)).to.equal(true)
      const options = {input: compressed, maxBuffer: 8 * MEBIBYTE}
      expect(execFileSync('gzip', ['-dc'], options).equals(bytes)).to.equal(true)
    })

  it('is the same bytes, whatever the chunks and however many are compressed at once', async () => {
    const first = await buffer(gzipMembers(inChunks(large)))
    for (const chunk of [4096, 777_777, MEBIBYTE, 2 * MEBIBYTE])
      expect((await buffer(gzipMembers(inChunks(large, chunk)))).equals(first), String(chunk)).to.equal(true)
    for (const parallel of [1, 2, 16])
      expect(
        (await buffer(gzipMembers(inChunks(large, 100_000), {parallel}))).equals(first),
        String(parallel),
      ).to.equal(true)
  })

  it('has a member for each mebibyte, in order, with neither name nor time', async () => {
    const members: Buffer[] = []
    for await (const member of gzipMembers(inChunks(large, 100_000))) members.push(member)
    expect(members).to.have.length(4)
    members.forEach((member, index) => {
      // RFC 1952, 2.3: magic, deflate, no flags, no time.
      expect([...member.subarray(0, 8)]).to.deep.equal([0x1f, 0x8b, 8, 0, 0, 0, 0, 0])
      const part = large.subarray(index * MEBIBYTE, (index + 1) * MEBIBYTE)
      expect(inflateRawSync(member.subarray(10, -8)).equals(part)).to.equal(true)
    })
  })

  describe('of what is compressed already', () => {
    /** Bytes that cannot be compressed, and are the same each time. */
    const random = Buffer.concat(
      Array.from({length: (2 * MEBIBYTE) / 32}, (_, index) => createHash('sha256').update(`random${index}`).digest()),
    )
    /** RFC 1951, 3.2.4: each block that is stored has 65,535 bytes at most and costs five. */
    const stored = (length: number): number => length + 18 + 5 * Math.ceil(length / 65_535)
    const membersOf = async (bytes: Buffer): Promise<Buffer[]> => {
      const members: Buffer[] = []
      for await (const member of gzipMembers(inChunks(bytes, 100_000))) members.push(member)
      expect(gunzipSync(Buffer.concat(members)).equals(bytes)).to.equal(true)
      return members
    }

    it('stores it as it is', async () => {
      for (const member of await membersOf(random))
        expect(member.length).to.be.within(MEBIBYTE, stored(MEBIBYTE) + 5 * 32)
    })

    it('compresses the parts that something can be saved of', async () => {
      const [text, kept] = await membersOf(Buffer.concat([large.subarray(0, MEBIBYTE), random.subarray(0, MEBIBYTE)]))
      expect(text?.length).to.be.below(0.6 * MEBIBYTE)
      expect(kept?.length).to.be.above(MEBIBYTE)
    })

    it('compresses a part of which a twentieth is text', async () => {
      const mixed = Buffer.from(random.subarray(0, MEBIBYTE))
      for (let start = 0; start < mixed.length; start += 4096) mixed.fill('text ', start, start + 205)
      const [member] = await membersOf(mixed)
      expect(member?.length).to.be.below(0.97 * MEBIBYTE)
    })

    it('compresses short content without a look at it', async () => {
      const [member] = await membersOf(random.subarray(0, 16_384))
      expect(member?.length).to.be.above(16_384)
      const [text] = await membersOf(large.subarray(0, 16_384))
      expect(text?.length).to.be.below(10_000)
    })
  })

  it('throws an error of its source unchanged', async () => {
    const broken = new Error('broken')
    async function* source(): AsyncGenerator<Buffer> {
      yield* inChunks(large, 100_000)
      throw broken
    }
    expect(await thrown(buffer(gzipMembers(source())))).to.equal(broken)
  })
})
