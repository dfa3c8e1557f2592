import {expect} from 'chai'

import type {MountPoint} from '../../../../src/lib/engine/types.js'
import {mountsBelow} from '../../../../src/lib/sync/create/mounts-below.js'
import {pathMatcher} from '../../../../src/lib/git/ignore/ignore-matcher.js'
import {pathPattern} from '../../../../src/lib/mutagen/path-pattern.js'

const mount = (Destination: string, Type = 'volume'): MountPoint => ({Destination, Type, Source: '', RW: true})

/** A container in which these folders are symlinks. */
const files = (links: Readonly<Record<string, string>> = {}) => ({
  async realPath(path: string): Promise<string> {
    const link = Object.keys(links).find((name) => path === name || path.startsWith(`${name}/`))
    return Promise.resolve(link === undefined ? path : `${links[link]}${path.slice(link.length)}`)
  },
})

describe('mounts below a synced folder', () => {
  it('are found in every kind, each once, and no others', async () => {
    const container = {
      Mounts: [
        mount('/app/uploads'),
        mount('/app/a b/[x]', 'bind'),
        mount('/app'),
        mount('/data'),
        mount('/application'),
      ],
      HostConfig: {Tmpfs: {'/app/cache': '', '/tmp': ''}},
    }
    expect(await mountsBelow(container, '/app', files())).to.deep.equal([
      {path: 'a b/[x]', type: 'bind'},
      {path: 'cache', type: 'tmpfs'},
      {path: 'uploads', type: 'volume'},
    ])
    expect(await mountsBelow(container, '/app/uploads', files())).to.deep.equal([])
    expect(await mountsBelow({Mounts: [], HostConfig: {}}, '/app', files())).to.deep.equal([])
  })

  it('are found through symlinks in both paths, without nested ones', async () => {
    const container = {
      Mounts: [mount('/link/data'), mount('/link/data/inner'), mount('/srv/app/data2')],
      HostConfig: {},
    }
    expect(await mountsBelow(container, '/srv/app', files({'/link': '/srv/app'}))).to.deep.equal([
      {path: 'data', type: 'volume'},
      {path: 'data2', type: 'volume'},
    ])
    expect(await mountsBelow(container, '/link', files({'/link': '/srv/app'}))).to.have.length(2)
  })

  it('are ignored by patterns that match only them', () => {
    for (const path of ['uploads', 'a b/[x]', 'a{1,2}*?', 'back\\slash', '!not']) {
      const isLeftOut = pathMatcher(['!*', pathPattern(path)], true)
      expect(isLeftOut(path), path).to.equal(true)
      expect(isLeftOut(`${path}/below/it`), path).to.equal(true)
      expect(isLeftOut(`deeper/${path}`), path).to.equal(false)
      expect(isLeftOut(`${path}x`), path).to.equal(false)
    }
  })
})
