import {expect} from 'chai'

import {docker} from '../../support/docker.js'
import {idlingTap} from '../../support/tap-shapes.js'
import {editPage, page, TapBed, type LinkedTap, type StartedTap} from '../../support/taps.js'
import {expectClearError, OwnBed} from '../interruption/own-bed.js'

describe('keg taps after an engine restart @containerd', function () {
  this.timeout(180_000)
  let own: OwnBed
  let bed: TapBed
  let shop: LinkedTap
  let inside: string[]
  let linked: string[]
  let started: StartedTap

  before(async () => {
    // Its containers stop with it.
    own = await OwnBed.start({settings: {'live-restore': false}})
    bed = await TapBed.start()
    shop = await bed.tap(idlingTap)
    linked = await bed.present()
    inside = await everything()
    started = await bed.startTap(shop)
  })
  after(async () => {
    try {
      await bed.stop()
    } finally {
      await own.stop()
    }
  })

  /** Everything in the engine; the one other container stops with the engine. */
  async function everything(): Promise<string[]> {
    const rows = [...(await own.inside()), await docker(['network', 'ls', '--format', 'network {{.Name}}'])]
    return rows.map((row) => row.replace(/^(container \w+) .*$/, '$1'))
  }

  async function stateOf(container: string): Promise<string> {
    return docker(['inspect', '--format', '{{.State.Status}}', container])
  }

  it('says what is missing while the engine is gone, and leaves nothing', async () => {
    await own.engine.kill()
    try {
      for (const words of ['start', 'stop', 'restart', 'status'])
        expectClearError(await bed.keg(['tap', words, shop.name]), 4, words)
    } finally {
      await own.engine.start()
    }
    expect(await stateOf(started.container)).to.equal('exited')
  })

  for (const verb of ['restart', 'start'])
    it(`continues with \`keg tap ${verb}\`, with the same container, its command and its sync`, async () => {
      if (verb === 'start') {
        await own.engine.kill()
        await own.engine.start()
      }
      const text = `A shop that was edited before the ${verb}.\n`
      await editPage(shop.folder, text)
      const {json} = await bed.kegSucceeds(['tap', verb, shop.name, '--detach', '--json'])
      expect(json().container).to.equal(started.container)
      const sessions = await bed.sessionsOf(shop.folder)
      expect(sessions.map(({beta, paused}) => [beta.host, paused])).to.deep.equal([[started.container, false]])
      expect(await page(String(json().url))).to.equal(text)
    })

  it('is destroyed, and nothing is left', async () => {
    await bed.kegSucceeds(['tap', 'destroy', shop.name, '--yes'])
    expect(await bed.present()).to.deep.equal(linked)
    expect(await everything()).to.deep.equal(inside)
  })
})
