import {expect} from 'chai'
import {findPausedSyncs, resumePausedSyncs} from '../../../../src/lib/container/leftover/paused-syncs.js'
import {thrown} from '../../../support/thrown.js'
import {SESSION, StandInMutagen, type StandInState} from '../../sync/stand-in-mutagen.js'

const container = 'c'.repeat(64)
const shop = [{id: SESSION, name: 'shop'}]

describe('syncs that a dead keg paused', function () {
  this.timeout(60_000)

  let mutagen: StandInMutagen

  beforeEach(async () => {
    mutagen = await StandInMutagen.install()
  })
  afterEach(() => mutagen.remove())

  async function find(label: string, state: StandInState = {}, held = container): Promise<unknown> {
    await mutagen.set({paused: true, container, ...state})
    return findPausedSyncs(label, held, mutagen.environment)
  }

  it("are those in a lock's label that are still paused", async () => {
    expect(await find(SESSION)).to.deep.equal(shop)
    expect(await find(`sync_1 --all ../x ${SESSION} \u001b[2J`)).to.deep.equal(shop)
    expect(await find(SESSION, {paused: false})).to.deep.equal([])
  })

  it('do not include unmanaged ones, those of other containers, or invalid names', async () => {
    expect(await find(SESSION, {foreign: true})).to.deep.equal([])
    expect(await find(SESSION, {}, 'd'.repeat(64))).to.deep.equal([])
    for (const label of ['', '--all', 'shop', `${SESSION}x`, `${SESSION}\n`])
      expect(await find(label)).to.deep.equal([])
  })

  it('are resumed, or an error names those that are not', async () => {
    await find(SESSION)
    await resumePausedSyncs(shop, mutagen.environment)
    expect(await find(SESSION, {paused: false})).to.deep.equal([])
    await mutagen.set({paused: true, container, fail: 'resume'})
    const error = await thrown(resumePausedSyncs(shop, mutagen.environment))
    expect(error).to.include({code: 'mutagen-failed', message: 'The sync shop is still paused.'})
  })

  it('are unknown without Mutagen, which is not an error', async () => {
    await mutagen.uninstall()
    expect(await find(SESSION)).to.deep.equal([])
    await mutagen.removeSessions()
    expect(await find(SESSION)).to.deep.equal([])
  })
})
