import {setTimeout as sleep} from 'node:timers/promises'
import {FailedError} from '../../error/keg-error.js'
import type {ProgressListener} from '../../terminal/progress.js'
import {count, printable} from '../../terminal/text.js'
import type {Mutagen} from '../mutagen.js'
import {commandFor, isConnected, isHalted, troublesOf} from '../session-health.js'
import type {SyncSession} from '../session.js'

export interface WaitOptions {
  readonly mutagen: Mutagen
  /** Mutagen's identifier of the session. */
  readonly id: string
  readonly progress: ProgressListener
  readonly signal: AbortSignal
}

/** What progress calls it. */
export const SYNC_STAGE = 'First sync'
/** Each look costs a process, whose time the sync itself does not get. */
const SHORTEST_PAUSE = 50
const LONGEST_PAUSE = 500
/** Mutagen goes on trying by itself after that many, but somebody waits here. */
const PATIENCE_MILLISECONDS = 10_000

/**
 * Waits until a session has brought over all that there is now, its first full cycle included. Conflicts and paths that cannot be
 * written do not keep a cycle from ending: whoever wants to know looks into the session that is returned.
 * @throws FailedError `sync-unfinished` for one that was paused or ended, halted, or does not get through; it stays as it is
 */
export async function waitUntilSynced({id, mutagen, progress, signal}: WaitOptions): Promise<SyncSession> {
  const stop = new AbortController()
  const flush = {isOver: false}
  // Tells of the end sooner than looking does. One that cannot be flushed yet goes on by itself.
  const flushing = mutagen
    .flush(id, AbortSignal.any([signal, stop.signal]))
    .catch(() => undefined)
    .finally(() => (flush.isOver = true))
  let stuckSince: number | undefined
  let pause = SHORTEST_PAUSE
  try {
    for (;;) {
      // Of a time before the look.
      const {isOver} = flush
      const session = (await mutagen.list(signal)).find((each) => each.id === id)
      if (session === undefined) throw unfinished(undefined, 'somebody else ended it')
      if (isOver && session.successfulCycles > 0 && !isHalted(session.status)) {
        progress({
          stage: SYNC_STAGE,
          state: 'done',
          done: Math.max(session.alpha.bytes, session.beta.bytes),
          note: contentsOf(session),
        })
        return session
      }
      if (session.isPaused) throw unfinished(session, 'somebody else paused it')
      const [trouble] = troublesOf(session)
      if (isHalted(session.status)) throw unfinished(session, trouble?.detail ?? session.status)
      const isStuck = session.lastError !== undefined || !isConnected(session)
      stuckSince = isStuck ? (stuckSince ?? Date.now()) : undefined
      if (stuckSince !== undefined && Date.now() - stuckSince > PATIENCE_MILLISECONDS)
        throw unfinished(session, trouble?.detail ?? session.status)
      progress(progressOf(session))
      if (!flush.isOver) await Promise.race([flushing, rest(LONGEST_PAUSE, {signal, ref: false})])
      else await rest((pause = Math.min(pause * 1.5, LONGEST_PAUSE)), {signal})
      signal.throwIfAborted()
    }
  } finally {
    stop.abort()
    await flushing
  }
}

async function rest(milliseconds: number, options: {signal: AbortSignal; ref?: boolean}): Promise<void> {
  await sleep(milliseconds, undefined, options).catch(() => undefined)
}

function progressOf({alpha, beta, status}: SyncSession): Parameters<ProgressListener>[0] {
  const staging = beta.staging ?? alpha.staging
  if (staging === undefined) return {stage: SYNC_STAGE, state: 'running', note: status.replaceAll('-', ' ')}
  const files = `${staging.receivedFiles.toLocaleString('en-US')} of ${count(staging.expectedFiles, 'file')}`
  return {stage: SYNC_STAGE, state: 'running', done: staging.receivedBytes, note: files}
}

function contentsOf({alpha, beta, conflicts, excludedConflicts}: SyncSession): string {
  const inConflict = conflicts.length + excludedConflicts
  return `${count(Math.max(alpha.files, beta.files), 'file')}${inConflict === 0 ? '' : `, ${count(inConflict, 'conflict')}`}`
}

function unfinished(session: SyncSession | undefined, why: string): FailedError {
  const name = session === undefined ? 'The sync' : `The sync ${printable(session.name ?? session.id)}`
  return new FailedError(`${name} did not get through its first cycle: ${printable(why)}.`, {
    code: 'sync-unfinished',
    hint:
      session === undefined
        ? 'Make it again: keg sync create'
        : `It stays, and goes on once that is mended (${commandFor(session, 'status')}); ${commandFor(session, 'terminate')} ends it.`,
    data: session === undefined ? {} : {session: session.id, name: session.name ?? null, status: session.status},
  })
}
