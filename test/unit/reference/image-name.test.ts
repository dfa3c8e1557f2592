import {expect} from 'chai'
import fc from 'fast-check'

import {cleanImageName, parseImageName} from '../../../src/lib/reference/image-name.js'
import {anyText, path, pathPart} from './arbitrary.js'
import {refused} from './usage-error.js'

const legalPart = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/

describe('cleanImageName', () => {
  const table: [text: string, expected: string][] = [
    ['My App!', 'my-app'],
    ['shop', 'shop'],
    ['my.app_v2__x--y', 'my.app_v2__x--y'],
    ['a..b', 'a-b'],
    ['a___b', 'a-b'],
    ['a.-b', 'a-b'],
    ['-a_', 'a'],
    ['Crème Brûlée', 'creme-brulee'],
    ['日本語', 'app'],
    ['', 'app'],
    ['../..', 'app'],
    ['@scope/name', 'scope-name'],
    ['a\u001b[31mb\n', 'a-31mb'],
    ['x'.repeat(300), 'x'.repeat(128)],
    [`${'x'.repeat(126)}__y`, 'x'.repeat(126)],
  ]
  for (const [text, expected] of table) {
    it(`makes ${expected.slice(0, 40)} of ${JSON.stringify(text.slice(0, 40))}`, () => {
      expect(cleanImageName(text)).to.equal(expected)
    })
  }

  it('returns a valid name for every text, and keeps it when repeated', () => {
    const text = fc.oneof(anyText, fc.string({unit: fc.constantFrom(...Array.from('aA0._- é')), maxLength: 300}))
    fc.assert(
      fc.property(text, (name) => {
        const cleaned = cleanImageName(name)
        expect(cleaned).to.match(legalPart)
        expect(cleaned.length).to.be.at.most(128)
        expect(cleanImageName(cleaned)).to.equal(cleaned)
      }),
      {numRuns: 1000},
    )
  })

  it('keeps valid names', () => {
    fc.assert(fc.property(pathPart, (name) => void expect(cleanImageName(name)).to.equal(name)))
  })
})

describe('parseImageName', () => {
  it('accepts every path that does not start like a registry', () => {
    fc.assert(
      fc.property(
        path.filter((name) => !/^(?:localhost|[^/]*\.[^/]*)\//.test(name)),
        (name) => void expect(parseImageName(name)).to.equal(name),
      ),
    )
    expect(parseImageName('my.app')).to.equal('my.app')
  })

  const illegal: [text: string, position: number, hint: RegExp][] = [
    ['', 1, /lower-case/],
    ['My-App', 1, /lower-case/],
    ['my app', 3, /lower-case/],
    ['a/', 3, /lower-case/],
    ['-a', 1, /lower-case/],
    ['shop:tag', 5, /-t takes/],
    ['shop@sha256:00', 5, /-t takes/],
    ['ghcr.io/acme/shop', 1, /--registry/],
    ['localhost/shop', 1, /--registry/],
    ['host:5000/shop', 1, /--registry/],
    ['a'.repeat(256), 256, /lower-case/],
  ]
  for (const [text, position, hint] of illegal) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))} at position ${position}`, () => {
      const {error, position: found} = refused(() => parseImageName(text))
      expect(error.code).to.equal('name-invalid')
      expect(error.hint).to.match(hint)
      expect(found).to.equal(position)
    })
  }
})
