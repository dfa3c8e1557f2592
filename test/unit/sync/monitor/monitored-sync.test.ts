import {expect} from 'chai'
import {EventEmitter, once} from 'node:events'
import {mkdtemp, realpath, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {Mutagen} from '../../../../src/lib/mutagen/mutagen.js'
import type {MonitorEvent} from '../../../../src/lib/sync/monitor/monitor-event.js'
import {MonitoredSync} from '../../../../src/lib/sync/monitor/monitored-sync.js'
import {endpoint, session} from '../example-session.js'
import {SESSION, StandInMutagen} from '../stand-in-mutagen.js'

describe('a monitored sync', () => {
  let mutagen: StandInMutagen
  let folder: string

  beforeEach(async () => {
    mutagen = await StandInMutagen.install()
    folder = await realpath(await mkdtemp(join(tmpdir(), 'keg-test-monitored-')))
  })
  afterEach(() => Promise.all([mutagen.remove(), rm(folder, {recursive: true})]))

  it('is flushed again, with all its edits, if Mutagen could not flush it yet', async () => {
    await mutagen.set({fail: 'flush', folder})
    const events = new EventEmitter()
    const {environment} = mutagen
    const watched = once(events, 'watched')
    const signal = AbortSignal.timeout(45_000)
    const sync = new MonitoredSync(
      {environment, signal},
      session({id: SESSION, alpha: endpoint('local', {path: folder})}),
      {
        mutagen: await Mutagen.find(environment),
        listen: (event) => events.emit(event.event, event),
        failed: (error) => events.emit('error', error),
      },
    )
    try {
      await sync.start()
      await watched
      await writeFile(join(folder, 'edit.txt'), '')
      // At its start, and for the edit.
      while ((await mutagen.asked()).length < 2) signal.throwIfAborted()
      const flushed = once(events, 'flushed', {signal})
      await mutagen.set({folder})
      const [event] = (await flushed) as [Extract<MonitorEvent, {event: 'flushed'}>]
      expect(event.paths).to.deep.equal(['edit.txt'])
    } finally {
      await sync.end()
    }
  })
})
