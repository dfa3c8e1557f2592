import {expect} from 'chai'
import fc from 'fast-check'
import {withoutFirst} from '../../../src/lib/tar/bytes.js'

describe('pieces without their first bytes', () => {
  it('are the rest, and none of it is empty', () => {
    const piece = fc.uint8Array({minLength: 1, maxLength: 20}).map((bytes) => Buffer.from(bytes))
    fc.assert(
      fc.property(fc.array(piece, {maxLength: 8}), fc.nat({max: 200}), (pieces, number) => {
        const rest = withoutFirst(pieces, number)
        expect(Buffer.concat([...rest])).to.deep.equal(Buffer.concat(pieces).subarray(number))
        expect(rest.filter(({length}) => length === 0)).to.deep.equal([])
      }),
    )
  })
})
