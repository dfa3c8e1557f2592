import {expect} from 'chai'
import type {MonitorEvent} from '../../../../src/lib/sync/monitor/monitor-event.js'
import {MonitorText} from '../../../../src/lib/sync/monitor/monitor-text.js'
import {observed} from '../../../../src/lib/sync/observe-syncs.js'
import type {SyncSession} from '../../../../src/lib/mutagen/session.js'
import {session} from '../example-session.js'

describe('text of a monitor', () => {
  const state = (changes: Partial<SyncSession> = {}, checkedOut: string | null = null): MonitorEvent => {
    const {id, name = null, ...rest} = session(changes)
    return {id, name, event: 'state', sync: observed({id, name: name ?? undefined, ...rest}, 'main', checkedOut)}
  }
  const {id} = session()
  const trouble = {kind: 'conflict', path: 'a\u001b[2J.txt', detail: 'changed in both', remedy: 'Delete one.'} as const

  it('has a line for each lasting state, and none for passing or repeated ones', () => {
    const text = new MonitorText()
    const passing = ['scanning', 'reconciling', 'staging-beta', 'transitioning', 'saving'].map((status) =>
      state({status}),
    )
    const events = [state(), ...passing, state(), state({isPaused: true}), state({isPaused: true}, 'topic'), state()]
    expect(events.flatMap((event) => text.lines(event))).to.deep.equal([
      'shop: in sync',
      'shop: paused',
      'shop: paused (other branch)',
      'shop: in sync',
    ])
  })

  it('lists the current state of all syncs', () => {
    const text = new MonitorText()
    text.lines(state())
    text.lines(state({id: 'sync_two', name: 'api'}))
    text.lines(state({status: 'staging-beta'}))
    expect(text.current).to.equal('shop: staging-beta, api: in sync')
    text.lines({id, name: 'shop', event: 'ended'})
    expect(text.current).to.equal('api: in sync')
  })

  it('prints the monitor’s events as safe text', () => {
    const text = new MonitorText()
    const lines = (event: MonitorEvent): string[] => text.lines(event)
    const name = 'sh\u0007op'
    expect(lines({id, name, event: 'trouble', trouble})).to.deep.equal([
      'sh?op: conflict a?[2J.txt: changed in both',
      'sh?op:   Delete one.',
    ])
    expect(lines({id, name, event: 'cleared', trouble})).to.deep.equal(['sh?op: no longer: conflict a?[2J.txt'])
    expect(lines({id, name, event: 'held', reason: 'git', message: 'Wait.'})).to.deep.equal(['sh?op: held. Wait.'])
    expect(lines({id, name, event: 'released'})).to.deep.equal(['sh?op: resumed'])
    expect(lines({id, name, event: 'watched', folder: '/a\nb'})).to.deep.equal(['sh?op: watching /a?b'])
    expect(lines({id, name, event: 'unwatched', message: 'Slow.'})).to.deep.equal(['sh?op: Slow.'])
    const flushed = {id, name, event: 'flushed', milliseconds: 3, morePaths: 0} as const
    expect(lines({...flushed, paths: []})).to.deep.equal([])
    expect(lines({...flushed, paths: ['a\u001b[2J', 'b']})).to.deep.equal(['sh?op: synced a?[2J, b in 3 ms'])
    const many = {...flushed, paths: ['a', 'b', 'c', 'd'], morePaths: 2}
    expect(lines(many)).to.deep.equal(['sh?op: synced a, b, c and 3 more in 3 ms'])
    expect(lines({id, name: null, event: 'ended'})).to.deep.equal([`${id}: ended`])
  })
})
