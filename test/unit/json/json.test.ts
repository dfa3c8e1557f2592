import {expect} from 'chai'
import fc from 'fast-check'
import {parseFirstObject} from '../../../src/lib/json/json.js'

describe('the first object of a text', () => {
  it('is read, whatever follows it', () => {
    fc.assert(
      fc.property(fc.object(), fc.string(), (object, rest) => {
        const text = JSON.stringify(object)
        expect(parseFirstObject(`${text}${rest}`)).to.deep.equal(JSON.parse(text))
      }),
    )
  })

  it('can follow white space', () => {
    expect(parseFirstObject('\r\n\t {"a":"}\\"{"}\n')).to.deep.equal({a: '}"{'})
  })

  for (const text of ['', 'noise {"a":1}', '{"a":1', '["a"]', '"{}"', '}{', '{a:1}', '1 {}'])
    it(`is none in ${JSON.stringify(text)}`, () => {
      expect(parseFirstObject(text)).to.equal(undefined)
    })
})
