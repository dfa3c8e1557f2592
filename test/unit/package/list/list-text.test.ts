import {expect} from 'chai'
import {packageTable} from '../../../../src/lib/package/list/list-text.js'
import type {ListedPackage} from '../../../../src/lib/package/list/model.js'

const now = new Date('2026-01-02T00:00:00Z')

const whole: ListedPackage = {
  ...{reference: 'ghcr.io/acme/shop:feature-x', readFrom: 'engine', image: 'sha256:i', container: 'shop/web'},
  ...{
    author: 'Ada <ada@example.org>',
    branch: 'feature/x',
    commit: '0123456789abcdef'.padEnd(40, '0'),
    dirty: true,
    message: null,
  },
  ...{
    created: '2026-01-01T21:00:00Z',
    digest: `sha256:${'9'.repeat(64)}`,
    services: [],
    bytes: 123_456_789,
    compressedBytes: null,
  },
}
const bare: ListedPackage = {
  ...{reference: 'shop:dev', readFrom: 'registry', image: 'sha256:j', container: null, author: null, branch: null},
  ...{
    commit: null,
    dirty: null,
    message: null,
    created: null,
    digest: null,
    services: [],
    bytes: null,
    compressedBytes: 1000,
  },
}

describe('a list of packages', () => {
  it('has a line for each, with what is known', () => {
    expect(packageTable([whole, bare], {now, width: undefined}).split('\n')).to.deep.equal([
      'PACKAGE                      BRANCH     COMMIT         AUTHOR  CREATED      SIZE    DIGEST',
      'ghcr.io/acme/shop:feature-x  feature/x  0123456789ab+  Ada     3 hours ago  123 MB  999999999999',
      'shop:dev                     -          -              -       -            1 kB    -',
    ])
  })

  it('has a block for each on a narrow terminal', () => {
    const lines = packageTable([whole], {now, width: 60}).split('\n')
    expect(lines[0]).to.match(/^PACKAGE +ghcr\.io\/acme\/shop:feature-x$/)
    expect(lines.every(({length}) => length <= 60)).to.equal(true)
  })

  it('shows no control characters of labels', () => {
    expect(packageTable([{...whole, author: 'A\u001b[31mda'}], {now, width: undefined})).to.not.include('\u001b')
  })
})
