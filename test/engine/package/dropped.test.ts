/** Nothing of a container is dropped silently: it is in the package, or refused or warned about by name. */
import {expect} from 'chai'

import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg} from '../../support/keg.js'
import type {FileEntry} from '../../support/tar.js'
import {writeTar} from '../../support/tar.js'
import {expectSameContainer, inContainer, packageOf} from './packaging.js'
import {stateOf} from './watched-engine.js'

interface Result {
  readonly notCarried: readonly string[]
  readonly verification: {readonly differenceCount: number; readonly notCarried: readonly string[]}
  readonly warnings: readonly string[]
}

/** Names that look alike in a list of changes: they differ in a byte that is not valid UTF-8. */
const alike = (folder: string, content: string, bytes: string): FileEntry[] =>
  Array.from(bytes, (byte) => ({path: Buffer.from(`${folder}/n${byte}me`, 'latin1'), content: `${content} ${byte}`}))

const longest = 'n'.repeat(255)
const odd = (folder: string): FileEntry[] => [
  {path: folder, type: 'directory'},
  {path: `${folder}/${longest}`, content: 'the longest name'},
  {path: `${folder}/long-link`, type: 'symlink', link: 'x/'.repeat(1500)},
  {path: `${folder}/back\\slash\t`, content: 'odd'},
]

/** Creates a file with a path of this many bytes below a folder. */
const deepFile = `deep() {
  d=$(printf %0100d 0); p=$1; while [ \${#p} -lt $(($2 - 250)) ]; do p=$p/$d; done
  mkdir -p "$p"; f=$(printf %0$(($2 - \${#p} - 1))d 1); echo deep >"$p/$f"
}
deep`

describe('keg docker package: what engines leave out or show alike @each-store', function () {
  this.timeout(180_000)

  let sandbox: Sandbox

  before(() => {
    sandbox = new Sandbox()
  })
  after(() => sandbox.clean())

  async function refusalOf(container: string): Promise<{readonly error: Record<string, unknown>}> {
    const run = await keg(['docker', 'package', container, '--name', uniqueName('dropped'), '-t', 'one', '--json'])
    expect(run.leftovers).to.deep.equal([])
    const {error} = run.json() as {error: Record<string, unknown>}
    expect(run.code, run.stdout + run.stderr).to.equal(error.exitCode)
    expect(await stateOf(container)).to.equal('running false')
    return {error}
  }

  it('is in the package, except for sockets, which are named', async () => {
    const image = await sandbox.imageFromFiles(uniqueName('alike'), alike('app', 'of the image', '\xe8\xe9\xea\xeb'), {
      from: baseImage,
    })
    const container = await sandbox.run(['-v', '/data', image, 'sleep', '3600'])
    const files = [
      ...odd('own'),
      ...odd('data'),
      ...alike('app', 'changed', '\xe9'),
      ...alike('data', 'new', '\xe9\xea'),
    ]
    await docker(['cp', '-', `${container}:/`], {input: writeTar(files)})
    await inContainer(
      container,
      `rm "$(printf '/app/n\\353me')"
      # syslogd follows the link, and so makes a socket among the container's own files.
      ln -s /own/socket /dev/log; (syslogd -n >/dev/null 2>&1 &) ; while [ ! -S /own/socket ]; do sleep 0.1; done`,
    )
    const result = (await packageOf(sandbox, container, ['--verify'])) as unknown as Result & {reference: string}
    expect(result.verification).to.deep.include({differenceCount: 0, notCarried: ['/own/socket']})
    expect(result.notCarried).to.deep.equal(['/own/socket'])
    expect(result.warnings.join()).to.include('/own/socket')
    await expectSameContainer(container, result.reference)
    const quick = (await packageOf(sandbox, container)) as unknown as Result
    expect(quick.notCarried, 'without --verify').to.deep.equal(['/own/socket'])
  })

  it("refuses a file in the container's writable layer whose name is a whiteout", async () => {
    const container = await sandbox.run([baseImage, 'sleep', '3600'])
    await inContainer(container, 'mkdir /own; echo text >/own/.wh.file')
    const {error} = await refusalOf(container)
    expect(error).to.include({code: 'whiteout-name', exitCode: 1})
    expect(error.message).to.include('/own/.wh.file')
  })

  it('refuses a path that is too long for the engine, and names it', async () => {
    const container = await sandbox.run([baseImage, 'sleep', '3600'])
    await inContainer(container, `${deepFile} /own 4060`)
    const {error} = await refusalOf(container)
    expect(error).to.include({code: 'path-too-long', exitCode: 1})
    expect(error.message).to.match(/ \/own\/0+…0+1 is too long/)
  })

  it('refuses a path in a mount that the engine reads and cannot store, and names it', async () => {
    const container = await sandbox.run(['-v', '/v', baseImage, 'sleep', '3600'])
    await inContainer(container, `${deepFile} /v/own 4094`)
    const {error} = await refusalOf(container)
    expect(error).to.include({code: 'path-too-long', exitCode: 1})
    expect(error.message).to.match(/ \/v\/own\/0+…0+1 is too long/)
  })

  it('warns of folders in a mount so deep that the engine may not read what is in them', async () => {
    const container = await sandbox.run(['-v', '/v', baseImage, 'sleep', '3600'])
    await inContainer(
      container,
      `cd /v; d=$(printf %0240d 0); i=0
      while [ $i -lt 16 ]; do mkdir $d; cd -P $d; i=$((i + 1)); done; echo kept >kept; echo lost >$(printf %0250d 1)`,
    )
    const result = (await packageOf(sandbox, container)) as unknown as Result & {reference: string}
    expect(result.warnings.join()).to.match(/The path of the folder \/v\/0+…0+ is so long \(3,85\d bytes\)/)
    const found = await docker(['run', '--rm', result.reference, 'find', '/v', '-type', 'f'])
    expect(found.trim().split('\n')).to.have.length(1)
  })
})
