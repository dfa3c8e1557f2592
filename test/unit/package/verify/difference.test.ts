import {expect} from 'chai'
import fc from 'fast-check'
import {changedKeywords, Differences, MAX_LISTED} from '../../../../src/lib/package/verify/difference.js'
import {shownBytes} from '../../../../src/lib/tar/shown-path.js'
import {differencesText, verificationFailed, verificationOf} from '../../../../src/lib/package/verify/verification.js'
import {printable} from '../../../../src/lib/terminal/text.js'
import {textToBytes} from '../../../../src/lib/tar/tar-header.js'
import {entry, fileEntry} from './entries.js'

describe('a difference', () => {
  it('names each keyword with the expected and the found value', () => {
    const [expected, found] = [fileEntry('a', '1', {mode: 0o4755, uid: 5}), fileEntry('a', '22', {mode: 0o755, uid: 5})]
    const [mode, size, digest, ...rest] = changedKeywords(expected, found)
    expect(mode).to.deep.equal({keyword: 'mode', expected: '04755', found: '0755'})
    expect(size).to.deep.equal({keyword: 'size', expected: '1', found: '2'})
    expect(digest).to.deep.equal({keyword: 'sha256digest', expected: expected.sha256, found: found.sha256})
    expect(rest).to.deep.equal([])
    expect(changedKeywords(entry('d'), entry('d', {type: 'directory', mode: 0o755, mtime: 1}))).to.deep.equal([])
  })

  it('prints every name differently, without control characters', () => {
    expect(shownBytes(textToBytes('gr\u00f6\u00dfe \ud83d\udc33'))).to.equal('gr\u00f6\u00dfe \ud83d\udc33')
    expect(shownBytes('a\nb\\c\u001b[1m')).to.equal('a\\012b\\134c\\033[1m')
    expect(shownBytes('\u00ff\u00fea')).to.equal('\\377\\376a')
    expect(shownBytes(textToBytes('\u202e'))).to.equal('\\342\\200\\256')
    const bytes = fc.string({unit: fc.integer({min: 1, max: 255}).map((byte) => String.fromCharCode(byte))})
    fc.assert(
      fc.property(bytes, bytes, (left, right) => {
        expect(shownBytes(left) === shownBytes(right)).to.equal(left === right)
        expect(printable(shownBytes(left))).to.equal(shownBytes(left))
      }),
    )
  })
})

describe('differences', () => {
  it('are all counted, and listed up to a limit', () => {
    const differences = new Differences()
    for (let index = 0; index < MAX_LISTED + 5; index++) differences.addPath('added', null, `file ${index}`)
    const checked = verificationOf(differences, {entries: 7, unchangedLayers: 1, agentFiles: []})
    expect(checked.differences).to.have.length(MAX_LISTED)
    expect(checked.differenceCount).to.equal(MAX_LISTED + 5)
    const lines = differencesText(checked).split('\n')
    expect(lines).to.have.length(31)
    expect(lines.at(-1)).to.equal('  and 975 more')
    const error = verificationFailed('It is another', checked, 'Do this.')
    expect([error.exitCode, error.code]).to.deep.equal([3, 'verification-failed'])
    expect(error.message).to.match(/^It is another: 7 entries, 1,005 differences\.\n {2}added \/file 0\n/)
    expect(error.data).to.deep.equal(checked)
  })
})
