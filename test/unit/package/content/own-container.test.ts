import {expect} from 'chai'
import {isOwnContainer} from '../../../../src/lib/package/content/own-container.js'

const id = '0123456789abcdef'.repeat(4)
const row = (root: string, point: string): string => `36 35 8:1 ${root} ${point} rw,relatime - ext4 /dev/sda1 rw\n`

describe('the container that keg itself runs in', () => {
  const table: [what: string, mountInfo: string, isOwn: boolean][] = [
    ['docker', row(`/var/lib/docker/containers/${id}/hostname`, '/etc/hostname'), true],
    ['a data folder of its own', row('/', '/') + row(`/docker/containers/${id}/resolv.conf`, '/etc/resolv.conf'), true],
    ['podman', row(`/containers/overlay-containers/${id}/userdata/hosts`, '/etc/hosts'), true],
    ['another container', row(`/var/lib/docker/containers/${'f'.repeat(64)}/hostname`, '/etc/hostname'), false],
    ["the engine's machine", row('/', `/var/lib/docker/containers/${id}/mounts/shm`), false],
    ['none', '', false],
  ]
  for (const [what, mountInfo, isOwn] of table)
    it(`is ${isOwn ? '' : 'not '}recognized by: ${what}`, () => {
      expect(isOwnContainer(id, mountInfo)).to.equal(isOwn)
    })
})
