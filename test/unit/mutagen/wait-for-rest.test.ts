import {expect} from 'chai'
import {InterruptedError} from '../../../src/lib/error/keg-error.js'
import {waitForRest} from '../../../src/lib/mutagen/wait-for-rest.js'
import type {SyncSession} from '../../../src/lib/mutagen/session.js'
import {thrown} from '../../support/thrown.js'
import {endpoint, session} from '../sync/example-session.js'

describe('waiting for syncs to rest', () => {
  const {signal} = new AbortController()
  const {id} = session()
  const lost = {beta: endpoint('docker', {isConnected: false})}

  /** Sessions that are in the next of these states each time they are listed. */
  function listing(...states: readonly Partial<SyncSession>[]) {
    let looks = 0
    const list = (): Promise<SyncSession[]> => {
      const state = states[Math.min(looks++, states.length - 1)]
      return Promise.resolve([session(state), session({id: 'another', status: 'scanning'})])
    }
    return {mutagen: {list}, looks: () => looks}
  }

  it('waits until a session that connects and scans is watching again', async () => {
    const {looks, mutagen} = listing({status: 'connecting-beta', ...lost}, {status: 'scanning'}, {conflicts: []})
    expect(await waitForRest({signal}, {mutagen, ids: [id]})).to.deep.equal([session()])
    expect(looks()).to.equal(3)
  })

  it('waits neither for halted or paused sessions, nor beyond its timeouts', async () => {
    for (const state of [{status: 'halted-on-root-emptied'}, {isPaused: true, ...lost}]) {
      const {looks, mutagen} = listing(state)
      await waitForRest({signal}, {mutagen, ids: [id]})
      expect(looks()).to.equal(1)
    }
    for (const state of [{status: 'staging-beta'}, lost]) {
      const {looks, mutagen} = listing(state)
      await waitForRest({signal}, {mutagen, ids: [id], workTimeout: 1, connectTimeout: 1})
      expect(looks()).to.be.within(1, 2)
    }
  })

  it('ends with the reason of its signal', async () => {
    const stop = new AbortController()
    const {mutagen} = listing({status: 'scanning'})
    const waiting = thrown(waitForRest({signal: stop.signal}, {mutagen, ids: [id]}))
    stop.abort(new InterruptedError('SIGINT'))
    expect(await waiting).to.be.instanceOf(InterruptedError)
  })
})
