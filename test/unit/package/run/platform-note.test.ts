import {expect} from 'chai'
import {platformNote} from '../../../../src/lib/package/run/platform-note.js'

describe('platformNote', () => {
  const amd64 = {os: 'linux', architecture: 'amd64'}

  it('is empty if the platforms of image and engine match', () => {
    expect(platformNote({Os: 'linux', Architecture: 'amd64'}, amd64)).to.equal(undefined)
    expect(platformNote({Os: 'linux', Architecture: '386'}, amd64)).to.equal(undefined)
    expect(platformNote({Os: 'linux', Architecture: 'arm64'}, {os: 'linux', architecture: 'aarch64'})).to.equal(
      undefined,
    )
    expect(platformNote({Os: '', Architecture: ''}, amd64)).to.equal(undefined)
  })

  it('names both platforms if they differ', () => {
    expect(platformNote({Os: 'linux', Architecture: 'arm64'}, amd64))
      .to.include('linux/arm64')
      .and.include('linux/amd64')
    expect(platformNote({Os: 'windows', Architecture: 'amd64'}, amd64)).to.include('windows/amd64')
  })
})
