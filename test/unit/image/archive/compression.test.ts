import {expect} from 'chai'
import {buffer} from 'node:stream/consumers'
import * as zlib from 'node:zlib'
import {MissingError, UsageError} from '../../../../src/lib/error/keg-error.js'
import {compressorFor} from '../../../../src/lib/image/archive/compression.js'
import {property} from '../../../../src/lib/json/json.js'
import {inChunks} from '../../../support/chunks.js'
import {thrown} from '../../../support/thrown.js'

const tar = Buffer.from('export const answer = 42\n'.repeat(100_000))
const zstdDecompress = property(zlib, 'zstdDecompressSync')

function failure(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}

describe('how layers are compressed', () => {
  it('is gzip, smaller with a higher level, and always the same bytes', async () => {
    const sizes: number[] = []
    for (const level of [1, undefined, 9]) {
      const {compress, mediaType} = compressorFor({compression: 'gzip', level})
      expect(mediaType).to.equal('application/vnd.oci.image.layer.v1.tar+gzip')
      const compressed = await buffer(compress(inChunks(tar, 5000)))
      expect(zlib.gunzipSync(compressed).equals(tar)).to.equal(true)
      expect((await buffer(compress(inChunks(tar, 70_001)))).equals(compressed)).to.equal(true)
      sizes.push(compressed.length)
    }
    expect(sizes).to.deep.equal([...sizes].sort((one, other) => other - one))
  })

  it('has levels', () => {
    for (const [compression, level] of [
      ['gzip', 0],
      ['gzip', 10],
      ['gzip', 1.5],
      ['zstd', 20],
    ] as const)
      expect(failure(() => compressorFor({compression, level})))
        .to.be.instanceOf(UsageError)
        .with.property('code', 'compression-level-invalid')
  })

  it('is zstd where Node has it, and an error elsewhere', async () => {
    if (typeof zstdDecompress !== 'function') {
      expect(failure(() => compressorFor({compression: 'zstd', level: undefined})))
        .to.be.instanceOf(MissingError)
        .with.property('code', 'zstd-missing')
      return
    }
    const {compress, mediaType} = compressorFor({compression: 'zstd', level: 3})
    expect(mediaType).to.equal('application/vnd.oci.image.layer.v1.tar+zstd')
    const compressed = await buffer(compress(inChunks(tar, 999)))
    expect((zstdDecompress as (bytes: Buffer) => Buffer)(compressed).equals(tar)).to.equal(true)
    expect((await buffer(compress(inChunks(tar, 70_001)))).equals(compressed)).to.equal(true)
    expect(await buffer(compress(inChunks(Buffer.alloc(0))))).to.have.length.above(0)
  })

  it('fails with the error of what is compressed', async () => {
    const broken = new Error('broken')
    const source = async function* (): AsyncGenerator<Buffer> {
      yield await Promise.resolve(tar)
      throw broken
    }
    expect(await thrown(buffer(compressorFor({compression: 'gzip', level: 1}).compress(source())))).to.equal(broken)
    if (typeof zstdDecompress !== 'function') return
    expect(await thrown(buffer(compressorFor({compression: 'zstd', level: 1}).compress(source())))).to.equal(broken)
  })
})
