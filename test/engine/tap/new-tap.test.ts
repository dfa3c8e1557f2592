import {expect} from 'chai'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {docker, uniqueName} from '../../support/docker.js'
import {page, TapBed, type LinkedTap} from '../../support/taps.js'

describe('keg tap new @containerd', function () {
  this.timeout(120_000)
  let bed: TapBed
  let tap: LinkedTap

  before(async () => {
    bed = await TapBed.start()
    const name = uniqueName('new')
    tap = {name, folder: join(bed.git.folder, name), repository: name}
    bed.sandbox.addImage(`${name}:develop`)
  })
  after(async () => bed.stop())

  it('creates a tap that is built, started and visible at once, with its own command', async () => {
    const made = ['tap', 'new', tap.name, '--base', bed.baseImage, '--json']
    expect((await bed.kegSucceeds(made, {cwd: bed.git.folder})).json()).to.include({folder: tap.folder, linked: true})
    bed.addTap(tap)
    expect((await bed.kegSucceeds(['tap', 'validate', tap.name, '--json'])).json()).to.deep.include({problems: []})

    const {container, url} = await bed.startTap(tap)
    expect(await page(url)).to.include(`${tap.name} runs`)
    const file = join(tap.folder, 'page/index.html')
    await writeFile(file, 'Edited here.\n')
    await bed.flush(tap.folder)
    expect(await page(url)).to.equal('Edited here.\n')
    await docker(['exec', container, 'sh', '-c', 'echo "Edited inside." >/app/page/index.html'])
    await bed.flush(tap.folder)
    expect(await readFile(file, 'utf8')).to.equal('Edited inside.\n')
  })

  it('starts from the local image the next time', async () => {
    const built = await docker(['image', 'inspect', '--format', '{{.Id}}', `${tap.name}:develop`])
    await bed.startTap(tap)
    expect(await docker(['image', 'inspect', '--format', '{{.Id}}', `${tap.name}:develop`])).to.equal(built)
  })

  it('leaves nothing after it was destroyed and unlinked', async () => {
    await bed.kegSucceeds([tap.name, 'destroy', '--yes'])
    await bed.kegSucceeds(['tap', 'unlink', tap.name, '--yes'])
    // The user configuration stays, and the folder for locks.
    const present = await bed.present()
    expect(present.filter((row) => !row.startsWith('file ') || row.includes(tap.name))).to.deep.equal([])
  })
})
