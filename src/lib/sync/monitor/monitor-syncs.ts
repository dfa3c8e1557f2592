import {setTimeout as sleep} from 'node:timers/promises'
import {FailedError} from '../../error/keg-error.js'
import {settleAll} from '../../package/settle.js'
import type {Mutagen} from '../mutagen.js'
import {isOwn} from '../session-labels.js'
import type {SyncSession} from '../session.js'
import type {MonitorListener} from './monitor-event.js'
import {MonitoredSync} from './monitored-sync.js'

export interface MonitorSyncsOptions {
  readonly sessions: readonly SyncSession[]
  readonly mutagen: Mutagen
  readonly environment: NodeJS.ProcessEnv
  readonly listen: MonitorListener
  readonly signal: AbortSignal
}

/**
 * Stays with sessions, and with those of keg's that are made meanwhile from the same folders: tells what becomes of them,
 * brings edits in their folders over at once, and keeps those paused in whose folders another branch is checked out. Returns
 * when Mutagen has none of them any more.
 * @throws the reason of the signal; what Mutagen does, where it cannot be asked at all
 */
export async function monitorSyncs({sessions, signal, ...options}: MonitorSyncsOptions): Promise<void> {
  const failure = new AbortController()
  const end = AbortSignal.any([signal, failure.signal])
  const failed = (error: unknown): void => failure.abort(error)
  const monitored = new Map<string, MonitoredSync>()
  const starting: Promise<void>[] = []
  const begin = (session: SyncSession): void => {
    const each = new MonitoredSync(session, {...options, failed, signal: end})
    monitored.set(session.id, each)
    starting.push(each.start().catch(failed))
  }
  const folders = new Set(sessions.map(({alpha}) => alpha.path))
  for (const session of sessions) begin(session)
  let known: ReadonlySet<string> | undefined
  try {
    for await (const current of statesOf(options.mutagen, end)) {
      for (const session of current)
        if (known?.has(session.id) === false && isOwn(session) && folders.has(session.alpha.path)) begin(session)
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
    await settleAll([...monitored.values()].map(async (each) => each.end()))
  }
}

const PAUSE_MILLISECONDS = 500

/** What Mutagen says, also after its daemon has ended: the next question starts another. */
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
