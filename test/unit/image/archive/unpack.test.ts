import {expect} from 'chai'
import fc from 'fast-check'
import {buffer} from 'node:stream/consumers'
import {gzipSync} from 'node:zlib'
import {LookAhead} from '../../../../src/lib/async/look-ahead.js'
import {compressionOf, isDecompressionError, unpacked} from '../../../../src/lib/image/archive/unpack.js'
import {inChunks} from '../../../support/chunks.js'
import {thrown} from '../../../support/thrown.js'

describe('layer, unpacked', () => {
  it('is its tar, compressed or not, whatever its chunks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({maxLength: 3000}), fc.integer({min: 1, max: 700}), async (bytes, size) => {
        const tar = Buffer.concat([Buffer.from('a tar '), bytes])
        for (const stored of [tar, gzipSync(tar)])
          expect((await buffer(unpacked(inChunks(stored, size)))).equals(tar)).to.equal(true)
      }),
    )
  })

  it('shows how it is compressed by its first bytes, which stay in it', async () => {
    for (const [stored, compression] of [
      [gzipSync('x'), 'gzip'],
      [Buffer.from('28b52ffd00', 'hex'), 'zstd'],
      [Buffer.from('plain'), 'none'],
      [Buffer.alloc(0), 'none'],
    ] as const) {
      const bytes = new LookAhead(inChunks(stored, 1))
      expect(await compressionOf(bytes)).to.equal(compression)
      expect((await buffer(bytes)).equals(stored)).to.equal(true)
    }
  })

  it('fails if it is broken, or compressed in another way', async () => {
    for (const stored of [gzipSync('x'.repeat(1000)).subarray(0, 20), Buffer.from('28b52ffd00', 'hex')])
      expect(isDecompressionError(await thrown(buffer(unpacked(inChunks(stored)))))).to.equal(true)
    expect(isDecompressionError(new Error('another'))).to.equal(false)
  })
})
