import {expect} from 'chai'
import {folderOfVolume} from '../../../../src/lib/package/mount/bound-volume.js'

describe('folderOfVolume', () => {
  const table: [what: string, options: Record<string, string> | null, folder: string | undefined][] = [
    ['o: bind', {type: 'none', o: 'bind', device: '/home/ada/.ssh'}, '/home/ada/.ssh'],
    ['o: rbind among others', {type: 'none', o: 'ro,rbind', device: '/srv/data'}, '/srv/data'],
    ['type: bind', {type: 'bind', o: 'rw', device: '/srv/data'}, '/srv/data'],
    ['a device alone', {type: 'none', device: '/srv/data'}, '/srv/data'],
    ['a bind below /dev', {type: 'none', o: 'bind', device: '/dev/shm/x'}, '/dev/shm/x'],
    ['no options', null, undefined],
    ['a disk', {type: 'ext4', device: '/dev/sdb1'}, undefined],
    ['NFS', {type: 'nfs', o: 'addr=10.0.0.1', device: ':/export'}, undefined],
    ['NFS with an absolute path', {type: 'nfs4', o: 'addr=10.0.0.1', device: '/export'}, undefined],
    ['CIFS', {type: 'cifs', o: 'username=x', device: '//server/share'}, undefined],
    ['memory', {type: 'tmpfs', o: 'size=1m', device: 'tmpfs'}, undefined],
    ['an overlay', {type: 'overlay', o: 'lowerdir=/a', device: 'overlay'}, undefined],
  ]
  for (const [what, options, folder] of table)
    it(`${what}: ${folder ?? 'no folder'}`, () => {
      expect(folderOfVolume({Name: 'data', Driver: 'local', Options: options})).to.equal(folder)
    })

  it('finds no folder with another driver', () => {
    const options = {type: 'none', o: 'bind', device: '/srv'}
    expect(folderOfVolume({Name: 'data', Driver: 'rexray', Options: options})).to.equal(undefined)
  })
})
