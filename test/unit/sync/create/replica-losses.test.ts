import {expect} from 'chai'
import {isAnyChanged} from '../../../../src/lib/sync/create/replica-losses.js'

describe('isAnyChanged', () => {
  const losses = {deleted: ['old.txt', 'folder'], overwritten: ['main.txt']}

  it('is false for unchanged files of the image', () => {
    expect(isAnyChanged(losses, '/srv/app', [])).to.equal(false)
    // Changes elsewhere, of files that are not lost, and of the parent folders.
    expect(isAnyChanged(losses, '/srv/app', ['/srv', '/srv/app', '/srv/app/new.txt', '/other/main.txt'])).to.equal(
      false,
    )
    expect(isAnyChanged(losses, '/srv/app', ['/srv/app/folder-2/x', '/srv/app/main.txt.d/x'])).to.equal(false)
  })

  it('is true for changed files', () => {
    for (const path of ['main.txt', 'old.txt', 'folder', 'folder/deep/x'])
      expect(isAnyChanged(losses, '/srv/app', ['/srv', `/srv/app/${path}`]), path).to.equal(true)
  })
})
