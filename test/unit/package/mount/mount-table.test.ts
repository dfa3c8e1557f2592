import {expect} from 'chai'
import {MountTable} from '../../../../src/lib/package/mount/mount-table.js'
import {thrown} from '../../../support/thrown.js'

/**
 * Symlinks by their paths: those of the container's own files under '', those of a mount under its destination, with paths
 * relative to its root.
 */
type Links = Readonly<Record<string, Readonly<Record<string, string>>>>

interface Case {
  readonly mounts: readonly (string | {destination: string; knownPath: string})[]
  readonly links?: Links
  /** The visible mounts, by destination. */
  readonly visible: Readonly<Record<string, string>>
  /** The mount that covers another. */
  readonly covered?: Readonly<Record<string, string>>
  /** Mount points that hide part of a mount. */
  readonly points?: Readonly<Record<string, readonly string[]>>
}

const cases: Record<string, Case> = {
  'where its destination is, without symlinks': {
    mounts: ['/data', '/srv/app'],
    visible: {'/data': '/data', '/srv/app': '/srv/app'},
  },
  'behind an absolute symlink of the image': {
    mounts: ['/var/run/data'],
    links: {'': {'/var/run': '/run'}},
    visible: {'/var/run/data': '/run/data'},
  },
  'behind a relative symlink with dots in it': {
    mounts: ['/srv/a/b/data'],
    links: {'': {'/srv/a/b': '../../real/./x/..//deep/'}},
    visible: {'/srv/a/b/data': '/real/deep/data'},
  },
  'where a symlink at its destination itself leads': {
    mounts: ['/data'],
    links: {'': {'/data': 'other'}},
    visible: {'/data': '/other'},
  },
  'inside the container, however far up a symlink goes': {
    mounts: ['/srv/data'],
    links: {'': {'/srv': '../../../../x/../y'}},
    visible: {'/srv/data': '/y/data'},
  },
  'beyond the parent of where a symlink leads, not of where it is': {
    mounts: ['/a/link'],
    links: {'': {'/a/link': 'far/..', '/a/far': '/x/y'}},
    visible: {'/a/link': '/x'},
  },
  'behind a symlink in another mount': {
    mounts: ['/srv/app', '/srv/app/current/shared'],
    links: {'/srv/app': {'/current': 'releases/2'}},
    visible: {'/srv/app': '/srv/app', '/srv/app/current/shared': '/srv/app/releases/2/shared'},
    points: {'/srv/app': ['/srv/app/releases/2/shared']},
  },
  'behind an absolute symlink in another mount, back into that': {
    mounts: ['/srv/app', '/srv/app/current/shared'],
    links: {'/srv/app': {'/current': '/srv/app/releases/2'}},
    visible: {'/srv/app': '/srv/app', '/srv/app/current/shared': '/srv/app/releases/2/shared'},
  },
  'behind a chain of symlinks through two mounts and the image': {
    mounts: ['/one', '/two', '/one/a/data'],
    links: {'': {'/image/c': '../two/d'}, '/one': {'/a': '../image/c/e'}, '/two': {'/d': '/one/z'}},
    visible: {'/one': '/one', '/two': '/two', '/one/a/data': '/one/z/e/data'},
    points: {'/one': ['/one/z/e/data']},
  },
  'in a mount that was led elsewhere by a symlink itself': {
    mounts: ['/srv', '/srv/app/data'],
    links: {'': {'/srv/app': '/elsewhere', '/srv': '/wrong'}},
    visible: {'/srv': '/wrong', '/srv/app/data': '/wrong/app/data'},
  },
  'not behind a symlink of the image that another mount hides': {
    mounts: ['/srv', '/srv/app/data'],
    links: {'': {'/srv/app': '/elsewhere'}, '/srv': {}},
    visible: {'/srv': '/srv', '/srv/app/data': '/srv/app/data'},
  },
  'below another below another': {
    mounts: ['/a', '/a/b', '/a/b/c', '/a/b2'],
    visible: {'/a': '/a', '/a/b': '/a/b', '/a/b2': '/a/b2', '/a/b/c': '/a/b/c'},
    points: {'/a': ['/a/b', '/a/b2'], '/a/b': ['/a/b/c'], '/a/b/c': []},
  },
  'over another that led to the same place': {
    mounts: ['/data', '/a/link'],
    links: {'': {'/a/link': '/data'}},
    visible: {'/a/link': '/data'},
    covered: {'/data': '/a/link'},
  },
  'over another at the same destination': {
    mounts: [
      {destination: '/data', knownPath: '/data'},
      {destination: '/data', knownPath: '/data'},
    ],
    visible: {'/data': '/data'},
    covered: {'/data': '/data'},
  },
  'over those that lie deeper and came earlier': {
    mounts: ['/x/y', '/a/b/link'],
    links: {'': {'/a/b/link': '/x'}},
    visible: {'/a/b/link': '/x'},
    covered: {'/x/y': '/a/b/link'},
  },
  'so that both can be seen, where the order of equals is not known': {
    mounts: ['/link/x', '/srv/app'],
    links: {'': {'/link': '/srv/app'}},
    visible: {'/link/x': '/srv/app/x', '/srv/app': '/srv/app'},
    points: {'/srv/app': ['/srv/app/x']},
  },
  'as the kernel has it, where that is known': {
    mounts: [
      {destination: '/link/x', knownPath: '/srv/app/x'},
      {destination: '/srv/app', knownPath: '/srv/app'},
    ],
    links: {'': {'/link': '/turned/since'}},
    visible: {'/srv/app': '/srv/app'},
    covered: {'/link/x': '/srv/app'},
  },
}

function tableOf({links = {}, mounts}: Pick<Case, 'links' | 'mounts'>) {
  const toPlace = mounts.map((mount) => (typeof mount === 'string' ? {destination: mount} : mount))
  return MountTable.of(toPlace, (path, row) =>
    Promise.resolve(
      row === undefined ? links['']?.[path] : links[row.mount.destination]?.[path.slice(row.path.length)],
    ),
  )
}

describe('mount table', () => {
  for (const [where, each] of Object.entries(cases))
    it(`has a mount ${where}`, async () => {
      const table = await tableOf(each)
      const visible = table.visible.map(({mount, path}) => [mount.destination, path])
      expect(Object.fromEntries(visible)).to.deep.equal(each.visible)
      const covered = table.covered.map(({by, mount}) => [mount.destination, by.destination])
      expect(Object.fromEntries(covered)).to.deep.equal(each.covered ?? {})
      for (const [destination, points] of Object.entries(each.points ?? {})) {
        const row = table.visible.find(({mount}) => mount.destination === destination)
        expect(row && table.pointsIn(row), destination).to.deep.equal(points)
      }
    })

  it('finds the mount of a path', async () => {
    const table = await tableOf({mounts: ['/a', '/a/b']})
    const at = (path: string) => table.at(path)?.mount.destination
    expect(['/', '/x', '/a', '/a/x', '/a/b', '/a/b/x', '/ab'].map(at)).to.deep.equal([
      ...[undefined, undefined, '/a', '/a', '/a/b', '/a/b', undefined],
    ])
  })

  it('refuses circular symlinks', async () => {
    const circles = {'': {'/a': 'b', '/b': '/a'}}
    expect(await thrown(tableOf({mounts: ['/a/data'], links: circles}))).to.include({code: 'link-loop', exitCode: 1})
  })
})
