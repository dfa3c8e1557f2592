import {expect} from 'chai'
import fc from 'fast-check'
import {availableColumns, columnsOf, cutColumns, padColumns, wrapLine} from '../../../src/lib/terminal/columns.js'

describe('columns', () => {
  it('come from COLUMNS, else from the terminal', () => {
    const terminal = {isTTY: true, columns: 100}
    expect(availableColumns(terminal, {})).to.equal(100)
    expect(availableColumns(terminal, {COLUMNS: '40'})).to.equal(40)
    expect(availableColumns({}, {COLUMNS: '40'})).to.equal(40)
    for (const COLUMNS of ['', '0', '-1', 'wide', '1e3']) expect(availableColumns(terminal, {COLUMNS})).to.equal(100)
    expect(availableColumns({}, {})).to.equal(undefined)
    expect(availableColumns({isTTY: true, columns: 0}, {})).to.equal(undefined)
  })

  it('are counted as a terminal displays them', () => {
    expect(['ab', '日本', 'e\u0301', '👍🏽'].map(columnsOf)).to.deep.equal([2, 4, 1, 2])
    expect(padColumns('日', 4)).to.equal('日  ')
    expect(padColumns('long', 2)).to.equal('long')
  })

  it('are cut between characters, never inside one', () => {
    expect(cutColumns('日本語', 6)).to.equal('日本語')
    expect(cutColumns('日本語', 5)).to.equal('日本')
    expect(cutColumns('日本語です', 6, '…')).to.equal('日本…')
    expect(cutColumns('ab👍🏽', 3)).to.equal('ab')
    expect(cutColumns('e\u0301e\u0301e\u0301', 2)).to.equal('e\u0301e\u0301')
    expect(cutColumns(`a${'\u0301'.repeat(1000)}`, 40, '...')).to.equal('...')
  })

  it('never exceed the width for any text, and no character is cut in half', () => {
    const text = fc.string({unit: fc.constantFrom('a', ' ', '日', 'é', 'e\u0301', '👍🏽', '👨‍👩‍👧', '\u0301')})
    fc.assert(
      fc.property(text, fc.integer({min: 1, max: 40}), (line, width) => {
        const cut = cutColumns(line, width, '…')
        expect(columnsOf(cut)).to.be.at.most(width)
        expect(Buffer.from(cut).toString()).to.equal(cut)
        expect(cut === line || cut.endsWith('…')).to.equal(true)
      }),
    )
  })

  it('wrap a line at blanks, and break long words', () => {
    expect(wrapLine('fits', 4)).to.deep.equal(['fits'])
    expect(wrapLine('one two three', 8)).to.deep.equal(['one two', 'three'])
    expect(wrapLine('a /home/me/shop', 6)).to.deep.equal(['a', '/home/', 'me/sho', 'p'])
    expect(wrapLine('日本語', 4)).to.deep.equal(['日本', '語'])
    expect(wrapLine('any', Infinity)).to.deep.equal(['any'])
  })

  it('lose nothing but blanks when wrapped', () => {
    const text = fc.string({unit: fc.constantFrom('a', 'B', '/', ' ', '日', 'é', '👍🏽')})
    fc.assert(
      fc.property(text, fc.integer({min: 2, max: 30}), (line, width) => {
        const lines = wrapLine(line, width)
        for (const each of lines) expect(columnsOf(each)).to.be.at.most(width)
        expect(lines.join('').replaceAll(' ', '')).to.equal(line.replaceAll(' ', ''))
      }),
    )
  })
})
