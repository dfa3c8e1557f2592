import {expect} from 'chai'
import type {ListedPackage} from '../../../../src/lib/package/list/model.js'
import {oldPackages, type OldPackageOptions} from '../../../../src/lib/package/remove/choose-old.js'

const now = new Date('2026-03-01T00:00:00Z')
const DAY = 24 * 3_600_000

function listed(reference: string, created: string | null): ListedPackage {
  return {
    ...{reference, created, readFrom: 'engine', image: reference, digest: null, container: null, author: null},
    ...{branch: null, commit: null, dirty: null, message: null, services: [], bytes: 1, compressedBytes: null},
  }
}

const packages = [
  listed('shop:unknown', null),
  listed('shop:january', '2026-01-01T00:00:00Z'),
  listed('shop:february', '2026-02-20T00:00:00Z'),
  listed('shop:yesterday', '2026-02-28T12:00:00Z'),
  listed('127.0.0.1:5000/shop:january', '2026-01-01T00:00:00Z'),
  listed(`127.0.0.1:5000/shop@sha256:${'a'.repeat(64)}`, '2026-01-02T00:00:00Z'),
]

function old(options: Partial<OldPackageOptions>): string[] {
  const found = oldPackages(packages, {keep: undefined, olderThanMilliseconds: undefined, now, ...options})
  return found.map(({reference}) => reference)
}

describe('packages that are old', () => {
  it('are all but the newest of each name', () => {
    expect(old({keep: 1})).to.deep.equal([
      ...['shop:february', '127.0.0.1:5000/shop:january', 'shop:january', 'shop:unknown'],
    ])
    expect(old({keep: 2})).to.deep.equal(['shop:january', 'shop:unknown'])
    expect(old({keep: 9})).to.deep.equal([])
  })

  it('are those that say they were made before', () => {
    expect(old({olderThanMilliseconds: 30 * DAY})).to.deep.equal([
      ...[`127.0.0.1:5000/shop@sha256:${'a'.repeat(64)}`, '127.0.0.1:5000/shop:january', 'shop:january'],
    ])
    expect(old({olderThanMilliseconds: 9 * DAY})).to.not.include('shop:february')
  })

  it('are those for which both is true', () => {
    expect(old({keep: 1, olderThanMilliseconds: 30 * DAY})).to.deep.equal([
      ...['127.0.0.1:5000/shop:january', 'shop:january'],
    ])
  })

  it('are all without a limit, and with --keep 0', () => {
    expect(old({})).to.have.lengthOf(packages.length)
    expect(old({keep: 0})).to.have.lengthOf(packages.length)
  })
})
