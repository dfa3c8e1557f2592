import {expect} from 'chai'
import fc from 'fast-check'
import {readTar} from '../../../src/lib/tar/read-tar.js'
import {encodeHeader} from '../../../src/lib/tar/tar-header.js'
import {TarWalk} from '../../../src/lib/tar/tar-walk.js'
import {inChunks} from '../../support/chunks.js'
import {file} from './arbitrary.js'
import {archiveOf, fileWith, headerOf} from './archive.js'

async function walked(bytes: Buffer, chunk: number): Promise<TarWalk> {
  const walk = new TarWalk()
  for await (const part of inChunks(bytes, chunk)) walk.push(part)
  return walk
}

describe('walk along a tar', () => {
  it('finds the end of every valid tar, and the same last path as a reader, in any chunks', async () => {
    const chunk = fc.oneof(fc.integer({min: 1, max: 2000}), fc.constant(65_536))
    await fc.assert(
      fc.asyncProperty(fc.array(file, {maxLength: 6}), chunk, async (files, size) => {
        const tar = archiveOf(files)
        let last: string | undefined
        for await (const {header} of readTar(inChunks(tar))) last = header.path
        const walk = await walked(tar, size)
        expect(walk).to.include({isWhole: true, lastPath: last})
      }),
      {numRuns: 60},
    )
  })

  it('does not take zeros in a file for the end', async () => {
    const tar = archiveOf([fileWith('a', 'x'), fileWith('zeros', '\0'.repeat(20_000))])
    for (const length of [tar.length - 5000, tar.length - 1024])
      expect(await walked(tar.subarray(0, length), 4096)).to.include({isWhole: false, lastPath: 'zeros'})
  })

  it('has no path without a complete header', async () => {
    expect(await walked(Buffer.alloc(100, 'a'), 100)).to.include({isWhole: false, lastPath: undefined})
  })

  it('skips files that are larger than an octal size', async () => {
    const size = 8 * 1024 ** 3 + 5
    const walk = await walked(encodeHeader(headerOf('huge', {size})), 512)
    const zeros = Buffer.alloc(64 * 1024 * 1024)
    for (let left = size; left > 0; left -= zeros.length) walk.push(zeros.subarray(0, Math.min(left, zeros.length)))
    expect(walk).to.include({isWhole: false, lastPath: 'huge'})
    walk.push(Buffer.alloc(507 + 512))
    expect(walk.isWhole).to.equal(true)
  })

  it('refuses anything that is not a tar', () => {
    const walk = new TarWalk()
    expect(() => walk.push(Buffer.alloc(512, 'no tar')))
      .to.throw()
      .with.property('code', 'tar-invalid')
  })
})
