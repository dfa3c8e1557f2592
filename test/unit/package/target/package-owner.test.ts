import {expect} from 'chai'
import {holderText, isSameOwner, ownerOf, type PackageOwner} from '../../../../src/lib/package/target/package-owner.js'

const labels = {
  'com.keg.role': 'package',
  'com.keg.package.schema': '1',
  'com.keg.package.container': 'shop/web',
  'com.keg.package.branch': 'feature/cart',
  'com.keg.package.author': 'Ann <ann@example.com>',
  'org.opencontainers.image.source': 'https://example.com/acme/shop',
}
const own: PackageOwner = {container: 'shop/web', branch: 'feature/cart', source: 'https://example.com/acme/shop'}

describe('package owner', () => {
  it('is read from the labels, and is undefined for any other image', () => {
    expect(ownerOf(labels)).to.deep.equal(own)
    const none: readonly (Record<string, string> | null | undefined)[] = [
      undefined,
      null,
      {},
      {...labels, 'com.keg.role': 'dev'},
      {'com.keg.role': 'package'},
    ]
    for (const other of none) expect(ownerOf(other)).to.equal(undefined)
  })

  const others: readonly [what: string, other: Partial<PackageOwner>, isSame: boolean][] = [
    ['the same container, branch and repository', {}, true],
    ['another container', {container: 'db'}, false],
    ['another branch', {branch: 'feature/search'}, false],
    ['no branch', {branch: undefined}, false],
    ['another repository', {source: 'https://example.com/ada/shop'}, false],
    ['a repository without an address', {source: undefined}, true],
    ['a package of an older keg, of the same branch', {container: undefined}, true],
  ]
  for (const [what, other, isSame] of others)
    it(`is ${isSame ? 'the same' : 'another'} for ${what}`, () => {
      expect(isSameOwner(own, {...own, ...other})).to.equal(isSame)
      expect(isSameOwner({...own, ...other}, own)).to.equal(isSame)
    })

  it('is printed as safe text', () => {
    expect(holderText(labels)).to.equal(
      'the package of shop/web on feature/cart from https://example.com/acme/shop by Ann <ann@example.com>',
    )
    expect(holderText({})).to.equal('an image that is not a package')
    expect(holderText({'org.opencontainers.image.source': 'https://ci.example'})).to.equal(
      'an image that is not a package from https://ci.example',
    )
    expect(holderText(undefined)).to.contain('cannot be read')
    const hostile = holderText({...labels, 'com.keg.package.branch': `a\u001b[31m${'x'.repeat(500)}`})
    expect(hostile).not.to.contain('\u001b')
    expect(hostile.length).to.be.below(400)
  })
})
