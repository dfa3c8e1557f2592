import {expect} from 'chai'
import {localPackages, localPackageText} from '../../../../src/lib/package/list/local-packages.js'

const labels = (created: string, more: Record<string, string> = {}): Record<string, string> => ({
  'com.keg.role': 'package',
  'com.keg.package.schema': '1',
  'org.opencontainers.image.created': created,
  ...more,
})

describe('packages of an engine', () => {
  it('are listed newest first, one for each name, and only with a name', () => {
    const found = localPackages([
      {Id: 'a', Size: 7, RepoTags: ['shop:older'], Labels: labels('2026-01-01T00:00:00Z')},
      {Id: 'b', Size: 7, RepoTags: ['shop:newer', 'ghcr.io/acme/shop:newer'], Labels: labels('2026-01-02T00:00:00Z')},
      {
        Id: 'c',
        Size: 7,
        RepoTags: ['<none>:<none>'],
        RepoDigests: ['<none>@<none>'],
        Labels: labels('2026-01-03T00:00:00Z'),
      },
      {Id: 'd', Size: 7, RepoTags: null, RepoDigests: ['shop@sha256:1'], Labels: labels('yesterday')},
      {Id: 'e', Size: 7, RepoTags: ['other:x'], Labels: {'com.keg.role': 'helper'}},
      {
        Id: 'f',
        Size: 7,
        RepoTags: ['future:x'],
        Labels: labels('2026-01-03T00:00:00Z', {'com.keg.package.schema': '9'}),
      },
    ])
    expect(found.map(({reference}) => reference)).to.deep.equal([
      ...['ghcr.io/acme/shop:newer', 'shop:newer', 'shop:older', 'shop@sha256:1'],
    ])
  })

  it('have the digest of their own name, and the size of their image', () => {
    const RepoTags = ['127.0.0.1:5000/shop:x', 'shop:x', 'other:y']
    const RepoDigests = ['shop@sha256:2', '127.0.0.1:5000/shop@sha256:1']
    const found = localPackages([{Id: 'a', Size: 7, RepoTags, RepoDigests, Labels: labels('2026-01-01T00:00:00Z')}])
    expect(found.map(({bytes, digest, reference}) => [reference, digest, bytes])).to.deep.equal([
      ['127.0.0.1:5000/shop:x', 'sha256:1', 7],
      ['other:y', null, 7],
      ['shop:x', 'sha256:2', 7],
    ])
  })

  it('are shown with their origin', () => {
    const [first] = localPackages([
      {Id: 'a', Size: 7, RepoTags: ['shop:x'], Labels: labels('2026-01-01T00:00:00Z', {'com.keg.package.branch': 'b'})},
    ])
    expect(first && localPackageText(first, new Date('2026-01-01T02:00:00Z'))).to.equal(
      'shop:x (branch b, 2 hours ago)',
    )
  })
})
