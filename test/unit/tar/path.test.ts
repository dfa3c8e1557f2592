import {expect} from 'chai'
import {below, isWithin, parentPaths} from '../../../src/lib/tar/path.js'

describe('path within a folder', () => {
  it('is the folder itself or below it, compared by whole names', () => {
    const table: [path: string, folder: string, within: boolean][] = [
      ['/a', '/a', true],
      ['/a/b', '/a', true],
      ['/a/b', '/a/', true],
      ['/ab', '/a', false],
      ['/ab', '/a/', false],
      ['/', '/', true],
      ['/a', '/', true],
      ['/', '/a', false],
      ['a/b', 'a', true],
    ]
    for (const [path, folder, within] of table) expect(isWithin(path, folder), `${path} in ${folder}`).to.equal(within)
  })
})

describe('path below a folder', () => {
  it('has no slash at its ends, is empty for the folder itself, and undefined outside of it', () => {
    const table: [folder: string, path: string, way: string | undefined][] = [
      ['/a', '/a/b/c', 'b/c'],
      ['/a/', '/a/b', 'b'],
      ['/', '/a', 'a'],
      ['/a', '/a', ''],
      ['/a', '/ab', undefined],
      ['/a/b', '/a', undefined],
      ['/a', '/a/..b', '..b'],
    ]
    for (const [folder, path, way] of table) expect(below(folder, path), `${path} in ${folder}`).to.equal(way)
  })
})

describe('parent folders of a path', () => {
  it('are ordered from the outermost, without the root and the path itself', () => {
    expect(parentPaths('/srv/app/data')).to.deep.equal(['/srv', '/srv/app'])
    expect(parentPaths('srv/app/data')).to.deep.equal(['srv', 'srv/app'])
    for (const path of ['/', '/srv', 'srv', '']) expect(parentPaths(path), path).to.deep.equal([])
  })
})
