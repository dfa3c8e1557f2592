import {expect} from 'chai'
import {splitAtEnter} from '../../../src/lib/terminal/key-input.js'
import {searchRows} from '../../../src/lib/terminal/search-choices.js'

const rows = ['shop:feature-x (by Ada)', 'shop:main (by Bob)', 'web:main'].map((name) => ({name, value: name}))
const names = (text: string, isAnswer = true): string[] =>
  searchRows(rows, text, isAnswer ? {name: text, value: text} : undefined).map(({name}) => name)

describe('list to search', () => {
  it('is complete without a text', () => expect(names('')).to.have.length(3))

  it('contains what has every word, in any case', () => {
    expect(names('MAIN', false)).to.deep.equal(['shop:main (by Bob)', 'web:main'])
    expect(names('bob shop', false)).to.deep.equal(['shop:main (by Bob)'])
    expect(names('nothing', false)).to.deep.equal([])
  })

  it('lists pasted text first, and a single word last', () => {
    expect(names('shop:main')).to.deep.equal(['shop:main', 'shop:main (by Bob)'])
    expect(names('docker pull x')[0]).to.equal('docker pull x')
    expect(names('web')).to.deep.equal(['web:main', 'web'])
    expect(names('web:main')).to.deep.equal(['web:main'])
  })
})

describe('keys of a search', () => {
  it('are split at every Enter, and none is lost', () => {
    const keys = 'é a\r\u001b[B\n\r'
    const pieces = splitAtEnter(Buffer.from(keys))
    expect(pieces.map(String)).to.deep.equal(['é a', '\r', '\u001b[B', '\n', '\r'])
    expect(Buffer.concat(pieces).toString()).to.equal(keys)
    expect(splitAtEnter(Buffer.alloc(0))).to.deep.equal([])
  })
})
