import {expect} from 'chai'
import {localPackages, localPackageText} from '../../../src/lib/package/local-packages.js'

const labels = (created: string, more: Record<string, string> = {}): Record<string, string> => ({
  'com.keg.role': 'package',
  'com.keg.package.schema': '1',
  'org.opencontainers.image.created': created,
  ...more,
})

describe('packages of an engine', () => {
  it('are listed newest first, one for each name, and only with a name', () => {
    const found = localPackages([
      {Id: 'a', RepoTags: ['shop:older'], Labels: labels('2026-01-01T00:00:00Z')},
      {Id: 'b', RepoTags: ['shop:newer', 'ghcr.io/acme/shop:newer'], Labels: labels('2026-01-02T00:00:00Z')},
      {Id: 'c', RepoTags: ['<none>:<none>'], RepoDigests: ['<none>@<none>'], Labels: labels('2026-01-03T00:00:00Z')},
      {Id: 'd', RepoTags: null, RepoDigests: ['shop@sha256:1'], Labels: labels('yesterday')},
      {Id: 'e', RepoTags: ['other:x'], Labels: {'com.keg.role': 'helper'}},
      {Id: 'f', RepoTags: ['future:x'], Labels: labels('2026-01-03T00:00:00Z', {'com.keg.package.schema': '9'})},
    ])
    expect(found.map(({reference}) => reference)).to.deep.equal([
      ...['ghcr.io/acme/shop:newer', 'shop:newer', 'shop:older', 'shop@sha256:1'],
    ])
  })

  it('are shown with their origin', () => {
    const [first] = localPackages([
      {Id: 'a', RepoTags: ['shop:x'], Labels: labels('2026-01-01T00:00:00Z', {'com.keg.package.branch': 'b'})},
    ])
    expect(first && localPackageText(first, new Date('2026-01-01T02:00:00Z'))).to.equal(
      'shop:x (branch b, 2 hours ago)',
    )
  })
})
