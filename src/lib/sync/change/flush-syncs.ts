import {setTimeout as sleep} from 'node:timers/promises'
import {FailedError, RefusedError} from '../../error/keg-error.js'
import type {ProgressListener} from '../../terminal/progress.js'
import {count, formatBytes, printable} from '../../terminal/text.js'
import {changeSyncs, type ChangeReport, type ForcedChangeOptions} from './change-syncs.js'
import {connectSession, errorOf, isConnected, onceCompared, type SessionWork} from './connect-session.js'
import {guardBranch} from './resume-syncs.js'
import {commandFor, isHalted} from '../session-health.js'
import type {SyncSession} from '../session.js'

export interface FlushOptions extends ForcedChangeOptions {
  readonly progress: ProgressListener
}

/**
 * Has syncs bring over all that changed until now on either side, and waits until both sides are the same. One in whose folder
 * another branch is checked out is paused, so that nothing more of that branch comes over.
 * Each may fail by RefusedError `branch-guard`; FailedError `sync-paused`, `sync-halted`, `sync-conflicts`, `sync-problems`,
 * and as connectSession does.
 */
export async function flushSyncs(options: FlushOptions): Promise<ChangeReport> {
  const {dryRun, progress, say, signal} = options
  return changeSyncs(
    {
      async check(session, mutagen) {
        try {
          await guardBranch(session, options)
        } catch (error) {
          if (error instanceof RefusedError && !dryRun && !session.isPaused) {
            await mutagen.pause(session.id, signal)
            say(`Paused ${session.name ?? session.id}, so that no more of another branch comes over.`)
          }
          throw error
        }
        if (session.isPaused) throw pausedError(session)
      },
      async apply(session, mutagen) {
        await flushSession(session, {mutagen, progress, signal})
        return 'done'
      },
    },
    options,
  )
}

interface FlushWork extends SessionWork {
  readonly progress: ProgressListener
}

/** One cycle may come upon a file that changes just then; the next one brings it over. */
const MOST_FLUSHES = 3
const POLL_MILLISECONDS = 500
const CONNECTING_MILLISECONDS = 10_000

async function flushSession(session: SyncSession, work: FlushWork): Promise<void> {
  const {progress, signal} = work
  const stage = `Syncing ${printable(session.name ?? session.id)}`
  if (isHalted(session.status)) throw errorOf(session) ?? new Error('a halt that is no trouble')
  // By itself Mutagen tries every 15 seconds.
  if (!isConnected(session)) await connectSession(session, work)
  progress({stage, state: 'running'})
  const connectUntil = Date.now() + CONNECTING_MILLISECONDS
  for (let flushes = 1; ; flushes++) {
    const failure = await flushOnce(stage, session, work)
    const after = await onceCompared(session.id, work)
    if (after?.isPaused === true) throw pausedError(after)
    const error = after && errorOf(after)
    if (failure === undefined) {
      if (error === undefined) break
      if (error.code !== 'sync-problems' || flushes >= MOST_FLUSHES) throw error
    } else {
      // It lost a side meanwhile, or has found it only just now.
      if (after === undefined || isHalted(after.status) || Date.now() > connectUntil) throw error ?? failure
      if (!isConnected(after)) await connectSession(after, work)
      await sleep(POLL_MILLISECONDS, undefined, {signal})
    }
  }
  progress({stage, state: 'done'})
}

/** @returns what Mutagen said where it did not do it */
async function flushOnce(stage: string, {id}: SyncSession, work: FlushWork): Promise<FailedError | undefined> {
  const {mutagen, signal} = work
  const stop = new AbortController()
  const watching = showStaging(stage, id, {...work, signal: AbortSignal.any([signal, stop.signal])})
  try {
    await mutagen.flush(id, signal)
    return undefined
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof FailedError) return error
    throw error
  } finally {
    stop.abort()
    await watching
  }
}

/** Tells how many files have come over, until the signal. */
async function showStaging(stage: string, id: string, {mutagen, progress, signal}: FlushWork): Promise<void> {
  try {
    for (;;) {
      await sleep(POLL_MILLISECONDS, undefined, {signal})
      const session = (await mutagen.list(signal)).find((each) => each.id === id)
      const staging = session?.beta.staging ?? session?.alpha.staging
      if (staging === undefined) continue
      const {expectedFiles, receivedBytes, receivedFiles} = staging
      const note = `${receivedFiles.toLocaleString('en-US')} of ${count(expectedFiles, 'file')}, ${formatBytes(receivedBytes)}`
      progress({stage, state: 'running', note})
    }
  } catch {
    // Whoever flushes hears of what is wrong.
  }
}

function pausedError(session: SyncSession): FailedError {
  return new FailedError(`The sync ${printable(session.name ?? session.id)} is paused.`, {
    code: 'sync-paused',
    hint: `Let it go on with: ${commandFor(session, 'resume')}`,
    data: {id: session.id, name: session.name ?? null},
  })
}
