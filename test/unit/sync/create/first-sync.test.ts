import {expect} from 'chai'
import {isAnyChanged} from '../../../../src/lib/sync/create/first-sync.js'

describe('what a first sync may replace', () => {
  const losses = {deleted: ['old.txt', 'folder'], overwritten: ['main.txt']}

  it('is what the container has as it came with its image', () => {
    expect(isAnyChanged(losses, '/srv/app', [])).to.equal(false)
    // Changes elsewhere, those that are lost to nobody, and the folders above.
    expect(isAnyChanged(losses, '/srv/app', ['/srv', '/srv/app', '/srv/app/new.txt', '/other/main.txt'])).to.equal(
      false,
    )
    expect(isAnyChanged(losses, '/srv/app', ['/srv/app/folder-2/x', '/srv/app/main.txt.d/x'])).to.equal(false)
  })

  it('is not what somebody changed in it', () => {
    for (const path of ['main.txt', 'old.txt', 'folder', 'folder/deep/x'])
      expect(isAnyChanged(losses, '/srv/app', ['/srv', `/srv/app/${path}`]), path).to.equal(true)
  })
})
