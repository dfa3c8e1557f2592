import {expect} from 'chai'
import {resolveDirectory, type FoundEntry} from '../../../src/lib/container/resolve-directory.js'

/** Files by path: a folder, a file, or where a link points. */
const files: Readonly<Record<string, string>> = {
  '/app': 'folder',
  '/app/src': 'folder',
  '/app/file': 'file',
  '/srv': 'folder',
  '/srv/releases': 'folder',
  '/srv/releases/7': 'folder',
  '/srv/current': 'releases/7',
  '/current': '/srv/current',
  '/deep': 'srv/releases',
  '/up': 'app/src/..',
  '/dangling': '/srv/releases/8',
  '/loop': 'loop2',
  '/loop2': '/loop',
  '/to-file': 'app/file',
  '/descriptor': '/proc/self/fd/8',
  '/hidden': 'app/../descriptor',
}

function look(path: string): Promise<FoundEntry> {
  const file = files[path]
  if (file === undefined) return Promise.resolve({kind: path.startsWith('/proc/') ? 'directory' : 'missing'})
  if (file === 'folder') return Promise.resolve({kind: 'directory'})
  return Promise.resolve(file === 'file' ? {kind: 'other'} : {kind: 'link', target: file})
}

describe('a path followed as the kernel does', () => {
  const table: readonly [path: string, leadsTo: string, kind: string][] = [
    ['/', '/', 'directory'],
    ['', '/', 'directory'],
    ['app', '/app', 'directory'],
    ['/app//./src/', '/app/src', 'directory'],
    ['/app/../srv', '/srv', 'directory'],
    ['/srv/current', '/srv/releases/7', 'directory'],
    ['/current', '/srv/releases/7', 'directory'],
    ['/deep/7', '/srv/releases/7', 'directory'],
    ['/up', '/app', 'directory'],
    ['/dangling', '/srv/releases/8', 'missing'],
    ['/dangling/below', '/srv/releases/8/below', 'missing'],
    ['/nowhere/at/all', '/nowhere/at/all', 'missing'],
    ['/loop', '/loop', 'loop'],
    ['/to-file', '/app/file', 'other'],
    ['/app/file/below', '/app/file', 'other'],
  ]
  for (const [path, leadsTo, kind] of table)
    it(`${JSON.stringify(path)} leads to ${leadsTo}: ${kind}`, async () => {
      const resolved = await resolveDirectory(path, look)
      expect(resolved.kind).to.equal(kind)
      if (kind !== 'loop') expect(resolved.path).to.equal(leadsTo)
    })

  it('is reported step by step', async () => {
    for (const path of ['/descriptor', '/hidden', '/descriptor/../../x']) {
      const steps: string[] = []
      await resolveDirectory(path, look, (step) => steps.push(step))
      expect(steps.includes('/proc'), path).to.equal(path !== '/descriptor/../../x')
    }
  })
})
