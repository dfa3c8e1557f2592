import {expect} from 'chai'
import fc from 'fast-check'
import {UsageError} from '../../../../src/lib/error/keg-error.js'
import {checkContainerName, defaultContainerName, freeName} from '../../../../src/lib/package/run/container-name.js'
import {branchTag} from '../../../../src/lib/branch/branch-tag.js'
import {parseReference} from '../../../../src/lib/reference/reference.js'

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`

describe('defaultContainerName', () => {
  const table: readonly [string, string][] = [
    ['shop:feature-x', 'keg-shop-feature-x'],
    ['localhost:5000/team/shop/web:Try_1.2', 'keg-web-Try_1.2'],
    [`ghcr.io/acme/shop:v1@${digest}`, 'keg-shop-v1'],
    [`ghcr.io/acme/shop@${digest}`, 'keg-shop-0123456789ab'],
    ['ghcr.io/acme/shop', 'keg-shop-latest'],
    ['a__b--c.d:_x', 'keg-a__b--c.d-_x'],
    [`shop:${branchTag('feature/SHOP-12-login')}`, 'keg-shop-feature_SHOP-12-login'],
    [`shop:${branchTag('Fix/a')}`, 'keg-shop-Fix_a'],
    ['shop:feature-a-k0123456789', 'keg-shop-feature-a-k0123456'],
    [`shop:${branchTag('alice/login')}`, 'keg-shop-alice-login-ka6ae11f'],
    ['shop:fix_1', 'keg-shop-fix_1-k80b8c76'],
    ['shop:a-k0123456', 'keg-shop-a-k0123456-k2c4e07a'],
    [`shop:${'a'.repeat(100)}`, `keg-shop-${'a'.repeat(45)}-k1740b77`],
  ]
  for (const [reference, name] of table)
    it(`names ${reference} ${name}`, () => expect(defaultContainerName(parseReference(reference))).to.equal(name))

  it('makes a valid name for every reference', () => {
    const part = fc.stringMatching(/^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/).filter((text) => text.length < 80)
    const tag = fc.stringMatching(/^\w[\w.-]{0,127}$/)
    fc.assert(
      fc.property(fc.array(part, {minLength: 1, maxLength: 3}), tag, (path, version) => {
        const name = defaultContainerName(parseReference(`registry.example/${path.join('/')}:${version}`))
        expect(checkContainerName(name)).to.equal(name)
        expect(name.length).to.be.at.most(63)
      }),
    )
  })

  it('makes a different name for every tag of an image, and so for every branch', () => {
    const branch = fc.oneof(
      fc.string({unit: 'binary', minLength: 1, maxLength: 100}),
      fc
        .tuple(
          fc.constantFrom('feature', 'Fix', 'alice'),
          fc.constantFrom('/', '-', '_', '.'),
          fc.stringMatching(/^[ab/_-]{1,2}$/),
        )
        .map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(fc.uniqueArray(branch, {minLength: 2, maxLength: 20}), (branches) => {
        const names = branches.map((each) => defaultContainerName(parseReference(`shop:${branchTag(each)}`)))
        expect(new Set(names).size).to.equal(branches.length)
      }),
      {numRuns: 200},
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
  it('counts up from 2', () => {
    expect(freeName('a', new Set())).to.equal('a')
    expect(freeName('a', new Set(['a']))).to.equal('a-2')
    expect(freeName('a', new Set(['a', 'a-2', 'a-4']))).to.equal('a-3')
  })
})
