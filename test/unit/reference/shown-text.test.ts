import {expect} from 'chai'
import fc from 'fast-check'

import {shown} from '../../../src/lib/reference/shown-text.js'

describe('shown', () => {
  const table: [text: string, expected: string][] = [
    ['plain text', '"plain text"'],
    ['a\u001b[31m\nb', String.raw`"a\u{1b}[31m\u{a}b"`],
    ['a\u202eb\u200bc\u00a0d', String.raw`"a\u{202e}b\u{200b}c\u{a0}d"`],
    ['\ud800', String.raw`"\u{d800}"`],
    ['日本語 🎉', '"日本語 🎉"'],
    ['https://user:pw@host/x', '"https://***@host/x"'],
    ['run https://user:p/w:x@host:5000/x now', '"run https://***@host:5000/x now"'],
    ['user:pw@host/x', '"user:***@host/x"'],
    ['podman pull --creds u:pw x', '"podman pull --creds *** x"'],
    ['https://h/x:t@sha256:abc', '"https://h/x:t@sha256:abc"'],
    ['x:t@sha256:abc/', '"x:t@sha256:abc/"'],
    ['x:t@sha256', '"x:t@sha256"'],
    ['pull user:p@ss@host', '"pull user:***@host"'],
    ['x'.repeat(101), `"${'x'.repeat(100)}…"`],
  ]
  for (const [text, expected] of table) {
    it(`prints ${JSON.stringify(text.slice(0, 50))}`, () => expect(shown(text)).to.equal(expected))
  }

  it('contains no control or invisible characters', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary'}), (text) => void expect(shown(text)).to.match(/^[^\p{C}\p{Zl}\p{Zp}]+$/u)),
      {numRuns: 1000},
    )
  })
})
