import {setTimeout as sleep} from 'node:timers/promises'
import {FailedError} from '../../error/keg-error.js'
import {allSettledOrThrow} from '../../async/all-settled.js'
import type {Mutagen} from '../../mutagen/mutagen.js'
import {isManaged} from '../../mutagen/session-labels.js'
import type {SyncSession} from '../../mutagen/session.js'
import type {MonitorListener} from './monitor-event.js'
import {MonitoredSync} from './monitored-sync.js'
import type {Work} from '../../work/work.js'

export interface MonitorSyncsOptions {
  readonly sessions: readonly SyncSession[]
  readonly mutagen: Mutagen
  readonly listen: MonitorListener
}

/**
 * Monitors sessions, and those that keg creates meanwhile for the same folders: reports events, syncs edits in their folders
 * at once, and pauses sessions while another branch is checked out. Returns when Mutagen has none of them any more.
 * @throws the reason of the signal; what Mutagen does, if it cannot be asked at all
 */
export async function monitorSyncs(
  {environment, signal}: Pick<Work, 'environment' | 'signal'>,
  {sessions, ...options}: MonitorSyncsOptions,
): Promise<void> {
  const failure = new AbortController()
  const end = AbortSignal.any([signal, failure.signal])
  const failed = (error: unknown): void => failure.abort(error)
  const monitored = new Map<string, MonitoredSync>()
  const starting: Promise<void>[] = []
  const begin = (session: SyncSession): void => {
    const each = new MonitoredSync({environment, signal: end}, session, {...options, failed})
    monitored.set(session.id, each)
    starting.push(each.start().catch(failed))
  }
  const folders = new Set(sessions.map(({alpha}) => alpha.path))
  for (const session of sessions) begin(session)
  let known: ReadonlySet<string> | undefined
  try {
    for await (const current of statesOf(options.mutagen, end)) {
      for (const session of current)
        if (known?.has(session.id) === false && isManaged(session) && folders.has(session.alpha.path)) begin(session)
      known = new Set(current.map(({id}) => id))
      for (const [id, each] of monitored) {
        const session = current.find((other) => other.id === id)
        if (session !== undefined) {
          await each.update(session)
          continue
        }
        monitored.delete(id)
        await each.ended()
      }
      if (monitored.size === 0) return
    }
  } finally {
    await Promise.all(starting)
    await allSettledOrThrow([...monitored.values()].map(async (each) => each.end()))
  }
}

const PAUSE_MILLISECONDS = 500

/** Mutagen's states, also after its daemon has ended: the next request starts another. */
async function* statesOf(mutagen: Mutagen, signal: AbortSignal): AsyncGenerator<SyncSession[]> {
  for (;;) {
    let hasAnswered = false
    try {
      for await (const sessions of mutagen.watch(signal)) {
        hasAnswered = true
        yield sessions
      }
    } catch (error) {
      if (!(error instanceof FailedError) || !hasAnswered) throw error
      await sleep(PAUSE_MILLISECONDS, undefined, {signal}).catch(() => signal.throwIfAborted())
    }
  }
}
