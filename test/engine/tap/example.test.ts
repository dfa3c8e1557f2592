import {expect} from 'chai'
import {cp, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {baseImage, docker, uniqueName} from '../../support/docker.js'
import {page, TapBed, type LinkedTap} from '../../support/taps.js'

describe('the example of a tap @containerd', function () {
  this.timeout(120_000)
  let bed: TapBed
  let tap: LinkedTap

  before(async () => {
    bed = await TapBed.start()
    const name = uniqueName('guestbook')
    tap = {name, folder: join(bed.git.folder, name), repository: name}
    bed.sandbox.addImage(`${name}:develop`)
    await cp(join(import.meta.dirname, '../../../examples/guestbook'), tap.folder, {recursive: true})
    await bed.kegSucceeds(['tap', 'link', tap.folder, '--name', name])
    bed.addTap(tap)
  })
  after(async () => bed.stop())

  it('is built, started and synced by keg with the right user, and keeps its notes in a volume', async () => {
    // The base image has no users: the Dockerfile adds what Mutagen needs.
    const env = {KEG_BASE_IMAGE: baseImage, KEG_IMAGE_FROM: `${tap.name}:develop`}
    const {container, url} = await bed.startTap(tap, [], {env})
    const body = new URLSearchParams({name: 'Ada', text: 'Was here.'})
    const answer = await fetch(new URL('/cgi-bin/index.cgi', url), {method: 'POST', body, redirect: 'manual'})
    expect(answer.status).to.equal(303)
    expect(await page(url)).to.include('Was here.')
    expect(await docker(['exec', container, 'cat', '/data/notes.tsv'])).to.include('Ada\tWas here.')

    const style = join(tap.folder, 'page/style.css')
    await writeFile(style, `${await readFile(style, 'utf8')}/* from here */\n`)
    await docker(['exec', container, 'sh', '-c', 'echo "<!-- from inside -->" >>/app/page/page.html'])
    await bed.flush(tap.folder)
    expect(await page(url))
      .to.include('/* from here */')
      .and.include('<!-- from inside -->')
    expect(await readFile(join(tap.folder, 'page/page.html'), 'utf8')).to.include('<!-- from inside -->')
    expect(await docker(['exec', container, 'stat', '-c', '%u:%g', '/app/page/style.css'])).to.equal('1000:1000')
  })
})
