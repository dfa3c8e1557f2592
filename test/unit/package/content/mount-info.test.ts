import {expect} from 'chai'
import {
  locationOf,
  mountOf,
  mountsBelow,
  parseMountInfo,
  pathOf,
} from '../../../../src/lib/package/content/mount-info.js'

const text = [
  '22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw',
  '23 22 0:21 / /proc rw - proc proc rw',
  '30 22 8:1 / /srv rw,relatime shared:2 master:3 - xfs /dev/sda1 rw',
  '31 30 8:2 /data /srv/app/data rw - ext4 /dev/sdb1 rw',
  '32 22 254:0 /home/ada/with\\040blank\\134 /mnt/a\\040b rw - ext4 /dev/vda rw',
  '33 22 254:0 /etc/app.conf//deleted /mnt/conf rw - ext4 /dev/vda rw',
  '40 30 0:50 / /srv/over rw - tmpfs tmpfs rw',
  '41 40 0:51 / /srv/over rw - tmpfs tmpfs rw',
  '42 30 8:3 / /srv/hidden/below rw - ext4 /dev/sdc1 rw',
  '43 30 8:4 / /srv/hidden rw - ext4 /dev/sdd1 rw',
  'no row',
  '',
].join('\n')
const rows = parseMountInfo(text)

describe('mountinfo', () => {
  it('is read row by row, with blanks, backslashes and deleted paths', () => {
    expect(rows).to.have.length(10)
    expect(rows[2]).to.deep.equal({
      ...{id: 30, parent: 22, device: '8:1', root: '/', point: '/srv', isDeleted: false, fileSystem: 'xfs'},
    })
    expect(rows[4]).to.include({root: '/home/ada/with blank\\', point: '/mnt/a b'})
    expect(rows[5]).to.include({root: '/etc/app.conf', isDeleted: true})
  })

  const mounts: [path: string, id: number][] = [
    ['/', 22],
    ['/etc', 22],
    ['/srv', 30],
    ['/srv/app', 30],
    ['/srv/app/data/x', 31],
    ['/srv/app/database', 30],
    ['/srv/over/x', 41],
    ['/srv/hidden/below/x', 43],
  ]
  for (const [path, id] of mounts)
    it(`finds mount ${id} for ${path}`, () => {
      expect(mountOf(rows, path)?.id).to.equal(id)
    })

  it('finds nothing without a root', () => {
    expect(mountOf([], '/srv')).to.equal(undefined)
    expect(locationOf([], '/srv')).to.equal(undefined)
  })

  it('never loops, even if the rows are circular', () => {
    const circle = parseMountInfo(['1 2 8:1 / / rw - ext4 a rw', '2 1 8:1 / / rw - ext4 a rw'].join('\n'))
    expect(mountOf(circle, '/a')).to.equal(undefined)
    expect(mountsBelow(circle, '/')).to.deep.equal([])
  })

  const locations: [path: string, device: string, root: string][] = [
    ['/', '254:0', '/'],
    ['/etc/x', '254:0', '/etc/x'],
    ['/srv', '8:1', '/'],
    ['/srv/app', '8:1', '/app'],
    ['/srv/app/data/x', '8:2', '/data/x'],
  ]
  for (const [path, device, root] of locations) {
    it(`places ${path} at ${root} of ${device}`, () => {
      expect(locationOf(rows, path)).to.deep.equal({device, root})
    })
    it(`finds ${root} of ${device} at ${path}`, () => {
      expect(pathOf(rows, {device, root})).to.equal(path)
    })
  }

  it('finds no path for a hidden or unknown location', () => {
    expect(pathOf(rows, {device: '8:1', root: '/over/x'})).to.equal(undefined)
    expect(pathOf(rows, {device: '8:3', root: '/x'})).to.equal(undefined)
    expect(pathOf(rows, {device: '9:9', root: '/x'})).to.equal(undefined)
    expect(pathOf(rows, {device: '8:2', root: '/other'})).to.equal(undefined)
  })

  it("lists the visible mounts below a path, except the kernel's and excluded ones", () => {
    const all = [
      {place: '/app/data', device: '8:2', root: '/data'},
      {place: '/hidden', device: '8:4', root: '/'},
      {place: '/over', device: '0:51', root: '/'},
    ]
    expect(mountsBelow(rows, '/srv')).to.deep.equal(all)
    expect(mountsBelow(rows, '/srv', new Set([31, 40]))).to.deep.equal(all.slice(1, 2))
    expect(mountsBelow(rows, '/').map(({place}) => place)).not.to.include('/proc')
    expect(mountsBelow(rows, '/srv/app/data')).to.deep.equal([])
  })
})
