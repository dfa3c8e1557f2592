import {expect} from 'chai'

import {pathMatcher} from '../../../src/lib/git/ignore/ignore-matcher.js'
import {onlyPaths} from '../../../src/lib/sync/resolve/only-paths.js'

describe('sync of some paths', () => {
  const ignores = ['.git', 'node_modules', '*.log', '!keep.log', '/uploads']
  const isLeftOut = pathMatcher(onlyPaths(['src/app.js', 'tree', 'odd [x]*', 'late.log'], ignores), true)

  it('contains only the paths and their contents', () => {
    for (const path of ['src/app.js', 'tree', 'tree/a/b', 'odd [x]*', 'odd [x]*/in', 'late.log'])
      expect(isLeftOut(path), path).to.equal(false)
    for (const path of ['src/other.js', 'app.js', 'other', 'other/src/app.js', 'odd xyz', 'keep.log', 'uploads'])
      expect(isLeftOut(path), path).to.equal(true)
  })

  it('ignores in them what the sync ignores', () => {
    for (const path of ['tree/node_modules', 'tree/a/b.log', 'tree/.git']) expect(isLeftOut(path), path).to.equal(true)
  })

  it('is the whole sync for its root', () => {
    expect(onlyPaths([''], ignores)).to.deep.equal(ignores)
  })
})
