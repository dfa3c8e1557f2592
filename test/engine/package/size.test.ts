import {readFile} from 'node:fs/promises'

import {expect} from 'chai'

import {compareSnapshots} from '../../support/compare.js'
import {baseImage, Sandbox, uniqueName} from '../../support/docker.js'
import {startKeg} from '../../support/keg.js'
import {snapshotContainer, snapshotImageFiles} from '../../support/snapshot.js'
import {labelsOf, mountAt, packageJson, pathsBelow, temporaryThings, waitingContainer} from './packaging.js'

const mebibyte = 1024 * 1024
/** More than keg may have in memory. */
const large = 340_000_000

/** The peak memory of a process, in bytes; undefined once it is gone. */
async function highestMemory(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
}

describe('keg docker package: large data @containerd', function () {
  this.timeout(300_000)
  const sandbox = new Sandbox()
  let container: string

  before(async () => {
    container = await waitingContainer(
      sandbox,
      ['-v', '/large', '-v', '/small', baseImage],
      `head -c ${large} /dev/urandom > /large/file
      for folder in $(seq 200); do
        mkdir /small/$folder
        for file in 0 1 2 3 4 5 6 7 8 9; do
          for digit in 0 1 2 3 4 5 6 7 8 9; do echo $folder/$file$digit > /small/$folder/$file$digit; done
        done
      done`,
    )
  })

  after(() => sandbox.clean())

  it('is packaged completely with little memory: a file larger than that, and 20,000 small ones', async () => {
    const name = uniqueName('much')
    sandbox.addImage(`${name}:one`)
    const running = await startKeg(['docker', 'package', container, '--name', name, '-t', 'one', '--yes', '--json'])
    let highest = 0
    const timer = setInterval(() => {
      void highestMemory(running.pid).then((bytes) => (highest = Math.max(highest, bytes ?? 0)))
    }, 20)
    const run = await running.ended.finally(() => clearInterval(timer))
    const result = packageJson(run)
    expect(highest / mebibyte).to.be.within(30, 300)
    expect(run.leftovers).to.deep.equal([])
    expect(mountAt(result, '/large').bytes).to.equal(large)
    expect(result.entries).to.equal(2 + 1 + 200 + 20_000)
    const id = (await labelsOf(result.reference))['com.keg.run'] ?? ''
    expect(await temporaryThings(id, result.image)).to.deep.equal([])

    const files = await snapshotImageFiles(result.reference)
    expect(files.get('/large/file')?.size).to.equal(large)
    expect(pathsBelow(files, '/small')).to.have.length(20_200)
    expect(compareSnapshots(await snapshotContainer(container), files)).to.deep.equal([])
  })
})
