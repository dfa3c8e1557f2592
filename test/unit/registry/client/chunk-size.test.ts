import {expect} from 'chai'
import {nextChunkBytes} from '../../../../src/lib/registry/client/chunk-size.js'

const MEBIBYTE = 1_048_576

describe('the size of chunks', () => {
  it('is what is sent in two seconds, from 1 to 4 MiB', () => {
    const after = (bytes: number, milliseconds: number): number => nextChunkBytes({bytes, milliseconds}) / MEBIBYTE
    expect(after(4 * MEBIBYTE, 4000)).to.equal(2)
    expect(after(2 * MEBIBYTE, 2000)).to.equal(2)
    expect(after(2 * MEBIBYTE, 1500)).to.be.within(2.6, 2.7)
    expect(after(4 * MEBIBYTE, 60_000)).to.equal(1)
    expect(after(4 * MEBIBYTE, 0)).to.equal(4)
  })
})
