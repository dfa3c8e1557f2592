import {expect} from 'chai'
import fc from 'fast-check'
import {UsageError} from '../../../../src/lib/error/keg-error.js'
import {checkContainerName, defaultContainerName, freeName} from '../../../../src/lib/package/run/container-name.js'
import {parseReference} from '../../../../src/lib/reference/reference.js'

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`

describe('defaultContainerName', () => {
  const table: readonly [string, string][] = [
    ['shop:feature-x', 'keg-shop-feature-x'],
    ['localhost:5000/team/shop/web:Fix_1.2', 'keg-web-Fix_1.2'],
    [`ghcr.io/acme/shop:v1@${digest}`, 'keg-shop-v1'],
    [`ghcr.io/acme/shop@${digest}`, 'keg-shop-0123456789ab'],
    ['ghcr.io/acme/shop', 'keg-shop-latest'],
    ['a__b--c.d:_x', 'keg-a__b--c.d-_x'],
  ]
  for (const [reference, name] of table)
    it(`calls ${reference} ${name}`, () => expect(defaultContainerName(parseReference(reference))).to.equal(name))

  it('is a legal name for every reference', () => {
    const part = fc.stringMatching(/^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/).filter((text) => text.length < 80)
    const tag = fc.stringMatching(/^\w[\w.-]{0,127}$/)
    fc.assert(
      fc.property(fc.array(part, {minLength: 1, maxLength: 3}), tag, (path, version) => {
        const name = defaultContainerName(parseReference(`registry.example/${path.join('/')}:${version}`))
        expect(checkContainerName(name)).to.equal(name)
      }),
    )
  })
})

describe('checkContainerName', () => {
  for (const name of ['', 'a', '-a', '.a', '_a', 'a b', 'a/b', 'ä-b', 'ab\n', 'a:b'])
    it(`refuses ${JSON.stringify(name)}`, () => {
      expect(() => checkContainerName(name))
        .to.throw(UsageError)
        .with.property('code', 'name-invalid')
    })
})

describe('freeName', () => {
  it('counts on from 2', () => {
    expect(freeName('a', new Set())).to.equal('a')
    expect(freeName('a', new Set(['a']))).to.equal('a-2')
    expect(freeName('a', new Set(['a', 'a-2', 'a-4']))).to.equal('a-3')
  })
})
