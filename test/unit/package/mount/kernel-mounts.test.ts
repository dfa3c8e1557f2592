import {expect} from 'chai'
import {readFile} from 'node:fs/promises'
import {parseKernelMounts, readKernelMounts} from '../../../../src/lib/package/mount/kernel-mounts.js'
import {textToBytes} from '../../../../src/lib/tar/tar-header.js'
import {containerWith} from '../details.js'

describe('mounts as the kernel lists them', () => {
  it('are read with any names and optional fields', () => {
    const text = [
      '437 314 0:138 / / rw,relatime master:17 - overlay overlay rw',
      '456 437 254:0 /a\\040b\\134c /srv/\\303\\244 rw - ext4 /dev/vda rw',
      '457 437 254:0 /old//deleted /gone rw shared:1 master:2 - ext4 /dev/vda rw',
      '458 437 broken',
      '',
    ].join('\n')
    expect(parseKernelMounts(text)).to.deep.equal([
      {root: '/', point: '/', fileSystem: 'overlay'},
      {root: '/a b\\c', point: textToBytes('/srv/ä'), fileSystem: 'ext4'},
      {root: '/old', point: '/gone', fileSystem: 'ext4'},
    ])
  })

  it('are not read from a process outside the container', async () => {
    const {State, ...container} = containerWith()
    for (const Pid of [0, process.pid, 2 ** 30])
      expect(await readKernelMounts({...container, State: {...State, Pid}}), String(Pid)).to.deep.equal([])
  })

  it("are read from the process with the container's id", async () => {
    if (process.platform !== 'linux') return
    const cgroup = await readFile('/proc/self/cgroup', 'latin1')
    const {State} = containerWith()
    const mounts = await readKernelMounts({Id: cgroup.trim(), State: {...State, Pid: process.pid}})
    expect(mounts.map(({point}) => point)).to.include('/')
  })
})
