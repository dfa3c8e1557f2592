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

  it('throws an error of its source unchanged', async () => {
    const broken = new Error('broken')
    async function* source(): AsyncGenerator<Buffer> {
      yield* inChunks(large, 100_000)
      throw broken
    }
    expect(await thrown(buffer(gzipMembers(source())))).to.equal(broken)
  })
})
