import {expect} from 'chai'
import fc from 'fast-check'
import {execFileSync} from 'node:child_process'
import {count, formatBytes, formatDuration, printable, shellLine} from '../../../src/lib/terminal/text.js'

describe('printable', () => {
  const hostile = ['\u0000', '\u0007', '\b', '\r', '\u001b', '\u007f', '\u0085', '\u009b', '\u200f', '\u202e', '\u2066']
  for (const character of hostile) {
    const name = `U+${character.charCodeAt(0).toString(16).padStart(4, '0')}`
    it(`replaces ${name} by a ?, on one line or several`, () => {
      expect(printable(`a${character}b`)).to.equal('a?b')
      expect(printable(`a${character}b`, {keepLines: true})).to.equal('a?b')
    })
  }

  it('keeps line ends and tabs only with keepLines', () => {
    expect(printable('a\n\tb\u2028c')).to.equal('a??b?c')
    expect(printable('a\n\tb', {keepLines: true})).to.equal('a\n\tb')
  })

  it('removes escape sequences', () => {
    expect(printable('\u001b]52;c;aGk=\u0007\u001b[2J')).to.equal('?]52;c;aGk=??[2J')
  })

  it('keeps every other character', () => {
    const text = 'feature/ä-日本語-🎉 x$(id) ~!@#%^&*'
    expect(printable(text)).to.equal(text)
  })

  it('does not change its own result', () => {
    fc.assert(fc.property(fc.string({unit: 'binary'}), (text) => printable(printable(text)) === printable(text)))
    fc.assert(fc.property(fc.string({unit: 'binary'}), (text) => !/[\u0000-\u001f\u007f-\u009f]/.test(printable(text))))
  })
})

describe('bytes', () => {
  const table: [bytes: number, text: string][] = [
    [0, '0 B'],
    [1, '1 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [1234, '1.23 kB'],
    [999_499, '999 kB'],
    [999_500, '1 MB'],
    [1_234_567_890, '1.23 GB'],
    [5e12, '5 TB'],
    [1.5e15, '1500 TB'],
  ]
  for (const [bytes, text] of table) it(`${bytes} are ${text}`, () => expect(formatBytes(bytes)).to.equal(text))
})

describe('milliseconds', () => {
  const table: [milliseconds: number, text: string][] = [
    [0, '0 ms'],
    [840.4, '840 ms'],
    [1000, '1.0 s'],
    [3249, '3.2 s'],
    [60_000, '1 min 0 s'],
    [125_000, '2 min 5 s'],
    [3_600_000, '60 min 0 s'],
  ]
  for (const [milliseconds, text] of table) {
    it(`${milliseconds} are ${text}`, () => expect(formatDuration(milliseconds)).to.equal(text))
  }

  it('never print 60 seconds or 1000 ms', () => {
    for (const milliseconds of [999.6, 59_960, 59_999, 119_600, 119_999]) {
      expect(formatDuration(milliseconds), String(milliseconds)).to.not.match(/\b60(\.0)? s$|\b1000 ms$/)
    }
  })
})

describe('count', () => {
  it('prints the noun in singular or plural, and separates thousands', () => {
    expect([count(0, 'mount'), count(1, 'mount'), count(2, 'mount')]).to.deep.equal(['0 mounts', '1 mount', '2 mounts'])
    expect([count(1, 'entry', 'entries'), count(20_000, 'entry', 'entries')]).to.deep.equal([
      '1 entry',
      '20,000 entries',
    ])
  })
})

describe('shellLine', () => {
  it('leaves plain words unquoted', () => {
    expect(shellLine(['docker', 'run', '-p', '127.0.0.1:80:80', '--env=A=b', 'a/b:c@sha256:d'])).to.equal(
      'docker run -p 127.0.0.1:80:80 --env=A=b a/b:c@sha256:d',
    )
  })

  it('is read back as the same list by a shell', () => {
    const special = fc.constantFrom(...Array.from(` '"$\`\\!*?~#&;|<>(){}[]\n=`))
    const word = fc.string({unit: fc.oneof(special, fc.constantFrom('a', 'B', '7', '-', 'é', '🎉'))})
    const words = fc.array(word, {minLength: 1, maxLength: 6})
    fc.assert(
      fc.property(words, (list) => {
        const output = execFileSync('sh', ['-c', `printf '%s\\0' ${shellLine(list)}`], {encoding: 'utf8'})
        expect(output).to.equal(list.map((text) => `${text}\0`).join(''))
      }),
      {numRuns: 60, examples: [[['']], [["it's", '$(id)', '`id`', '-n', 'a b', '~', '*']]]},
    )
  })
})
