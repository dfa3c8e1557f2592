import {expect} from 'chai'
import type {MountPoint} from '../../../../src/lib/engine/types.js'
import {findKnownMounts, type KernelMount} from '../../../../src/lib/package/mount/known-mounts.js'
import {textToBytes} from '../../../../src/lib/tar/tar-header.js'

const bind = (Source: string, Destination: string): MountPoint => ({Type: 'bind', Source, Destination, RW: true})
const memory = (Destination: string): MountPoint => ({Type: 'tmpfs', Source: '', Destination, RW: true})
const row = (root: string, point: string, fileSystem = 'ext4'): KernelMount => ({point, root, fileSystem})

/** The kernel's mounts in every container. */
const others = [
  row('/', '/', 'overlay'),
  row('/', '/dev', 'tmpfs'),
  row('/var/lib/docker/containers/c/hosts', '/etc/hosts'),
]

const cases: Record<string, [mounts: MountPoint[], rows: KernelMount[], known: [string, string | undefined][]]> = {
  'at its destination': [[bind('/work', '/app')], [row('/work', '/app')], [['/app', '/app']]],
  'at its destination, whatever its source is a symlink to': [
    [bind('/link', '/app')],
    [row('/work', '/app')],
    [['/app', '/app']],
  ],
  'on a file system of its own': [[bind('/home/work', '/app')], [row('/work', '/app')], [['/app', '/app']]],
  'by its source, where a symlink led it elsewhere': [
    [bind('/work', '/app'), bind('/uploads', '/app/current/uploads')],
    [row('/work', '/app'), row('/uploads', '/app/releases/2/uploads')],
    [
      ['/app', '/app'],
      ['/app/current/uploads', '/app/releases/2/uploads'],
    ],
  ],
  'not by a source that two have': [
    [bind('/same', '/a/link/x'), bind('/same', '/b/link/x')],
    [row('/same', '/real/a/x'), row('/same', '/real/b/x')],
    [
      ['/a/link/x', undefined],
      ['/b/link/x', undefined],
    ],
  ],
  'not where the kernel has nothing of it': [[bind('/work', '/app')], [row('/other', '/x')], [['/app', undefined]]],
  'among two at one destination, in the order of the kernel': [
    [bind('/work', '/data'), memory('/data')],
    [row('/', '/data', 'tmpfs'), row('/work', '/data')],
    [
      ['/data', '/data'],
      ['/data', '/data'],
    ],
  ],
  'with a name that is not ASCII': [[bind('/ä', '/ö')], [row(textToBytes('/ä'), textToBytes('/ö'))], [['/ö', '/ö']]],
}

describe('mounts known to the kernel', () => {
  for (const [how, [mounts, rows, known]] of Object.entries(cases))
    it(`are found ${how}`, () => {
      const found = findKnownMounts(mounts, [...others, ...rows])
      expect(found.map(({Destination, knownPath}) => [Destination, knownPath])).to.deep.equal(known)
    })

  it("keep the kernel's order at equal depth, if all of them are known", () => {
    const mounts = [bind('/a', '/a'), bind('/b', '/b'), bind('/c', '/c/c')]
    const rows = [row('/c', '/c/c'), row('/b', '/b'), row('/a', '/a')]
    const order = (kernel: KernelMount[]) => findKnownMounts(mounts, kernel).map(({Destination}) => Destination)
    expect(order([...others, ...rows])).to.deep.equal(['/b', '/a', '/c/c'])
    expect(order(rows.slice(0, 2))).to.deep.equal(['/a', '/b', '/c/c'])
  })

  it('keep their order if the kernel is not asked', () => {
    expect(findKnownMounts([bind('/a', '/a')], [])).to.deep.equal([{...bind('/a', '/a'), knownPath: undefined}])
  })

  it('list a tmpfs below a later mount at the same path', () => {
    const found = findKnownMounts(
      [bind('/work', '/data'), memory('/data')],
      [...others, row('/', '/data', 'tmpfs'), row('/work', '/data')],
    )
    expect(found.map(({Type}) => Type)).to.deep.equal(['tmpfs', 'bind'])
  })
})
