import {expect} from 'chai'
import {isNamed, parsePackageName} from '../../../../src/lib/package/list/package-name.js'
import {UsageError} from '../../../../src/lib/error/keg-error.js'

const hub = 'acme/shop:dev'
const ghcr = 'ghcr.io/acme/shop:dev'
const workshop = 'ghcr.io/acme/workshop:dev'
const official = 'shop:main'
const local = '127.0.0.1:5000/shop:dev'
const pinned = `ghcr.io/acme/shop@sha256:${'a'.repeat(64)}`
const all = [hub, ghcr, workshop, official, local, pinned, 'Not A Reference']

describe('a name of packages', () => {
  for (const [name, expected] of Object.entries({
    shop: [hub, ghcr, official, local, pinned],
    'acme/shop': [hub, ghcr, pinned],
    'shop:dev': [hub, ghcr, local],
    'ghcr.io/acme/shop': [ghcr, pinned],
    '127.0.0.1:5000/shop': [local],
    'docker.io/acme/shop': [hub],
    'docker.io/shop': [official],
    [`shop@sha256:${'a'.repeat(64)}`]: [pinned],
    'ghcr.io/shop': [],
    hop: [],
  }))
    it(`means those that end in its words, or exactly those of its registry: ${name.slice(0, 30)}`, () => {
      const meant = parsePackageName(name)
      expect(all.filter((each) => isNamed(meant, each))).to.deep.equal(expected)
    })

  it('must be one that an image can have', () => {
    expect(() => parsePackageName('Shop/*'))
      .to.throw(UsageError)
      .with.property('code', 'reference-invalid')
  })
})
