import {expect} from 'chai'
import fc from 'fast-check'
import {columnsOf} from '../../../src/lib/terminal/columns.js'
import {fieldLines} from '../../../src/lib/terminal/fields.js'

describe('fieldLines', () => {
  it('aligns the values, and puts several lines below each other', () => {
    const fields = [['Branch', 'main'] as const, ['名前', 'one\ntwo'] as const, ['Author', 'e\u0301'] as const]
    expect(fieldLines(fields)).to.deep.equal(['Branch  main', '名前    one', '        two', 'Author  e\u0301'])
    expect(fieldLines([['A', 'b']], {indent: 2, names: 4})).to.deep.equal(['  A     b'])
  })

  it('wraps a value beside its name, and puts a word below if it fits only there', () => {
    expect(fieldLines([['Author', 'Ada and Grace']], {width: 16})).to.deep.equal(['Author  Ada and', '        Grace'])
    expect(fieldLines([['Digest', 'sha256:01234567 of the registry']], {width: 17})).to.deep.equal([
      'Digest',
      '  sha256:01234567',
      '  of the registry',
    ])
    expect(fieldLines([['Digest', '0123456789']], {width: 10})).to.deep.equal(
      ['01', '23', '45', '67', '89'].map((part, index) => `${index === 0 ? 'Digest' : '      '}  ${part}`),
    )
  })

  it('prints no control characters', () => {
    expect(fieldLines([['A', '\u001b[31mred']])).to.deep.equal(['A  ?[31mred'])
  })

  it('fits 40 columns and loses nothing, for any text', () => {
    const text = fc.string({unit: fc.constantFrom('a', 'B', '/', ' ', '日', 'é', 'e\u0301', '👍🏽', '👨‍👩‍👧'), maxLength: 80})
    fc.assert(
      fc.property(fc.array(text, {minLength: 1, maxLength: 4}), (values) => {
        const lines = fieldLines(
          values.map((value) => ['Name', value] as const),
          {indent: 2, width: 40},
        )
        for (const line of lines) expect(columnsOf(line), line).to.be.at.most(40)
        const shown = (texts: readonly string[]) => texts.join('').replaceAll(/Name| /g, '')
        expect(shown(lines)).to.equal(shown(values))
      }),
    )
  })
})
