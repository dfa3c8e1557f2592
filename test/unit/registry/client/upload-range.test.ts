import {expect} from 'chai'
import {bytesInRange} from '../../../../src/lib/registry/client/upload-range.js'

describe('bytesInRange', () => {
  it('is one more than the last', () => {
    expect(bytesInRange('0-9')).to.equal(10)
    expect(bytesInRange('bytes=0-9')).to.equal(10)
  })

  it('is none for 0-0, unless one byte was sent', () => {
    expect(bytesInRange('0-0')).to.equal(0)
    expect(bytesInRange('0--1')).to.equal(0)
    expect(bytesInRange('0-0', 1)).to.equal(1)
    expect(bytesInRange('0-0', 5)).to.equal(0)
  })

  it('is undefined for anything else', () => {
    for (const range of ['', '1-9', '0-', '0--2', '0-1e9', '0-9999999999999999', '0-9, 20-30', 'x'])
      expect(bytesInRange(range), range).to.equal(undefined)
  })
})
