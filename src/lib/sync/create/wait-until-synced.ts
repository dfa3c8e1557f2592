import {setTimeout as sleep} from 'node:timers/promises'
import {FailedError} from '../../error/keg-error.js'
import {commandLine} from '../../terminal/command-line.js'
import {count, printable} from '../../terminal/text.js'
import type {Mutagen} from '../../mutagen/mutagen.js'
import {commandFor, isConnected, isHalted, troublesOf} from '../../mutagen/session-health.js'
import type {SyncSession} from '../../mutagen/session.js'
import type {Work} from '../../work/work.js'

export interface WaitOptions {
  readonly mutagen: Mutagen
  /** Mutagen's identifier of the session. */
  readonly id: string
}

/** The stage's name in progress. */
export const SYNC_STAGE = 'First sync'
/** Each poll costs a process, whose time the sync does not get. */
const SHORTEST_PAUSE = 50
const MAX_PAUSE = 500
/** Mutagen retries after that time, but here the user waits. */
const TIMEOUT_MILLISECONDS = 10_000

/**
 * Waits until a session has transferred all current changes, including its first full cycle. Conflicts and unwritable paths
 * do not keep a cycle from ending: check the returned session.
 * @throws FailedError `sync-unfinished` for one that was paused, terminated or halted, or makes no progress; it stays as it
 * is
 */
export async function waitUntilSynced(
  {progress, signal}: Pick<Work, 'progress' | 'signal'>,
  {id, mutagen}: WaitOptions,
): Promise<SyncSession> {
  const stop = new AbortController()
  const flush = {isOver: false}
  // Reports the end sooner than polling. A session that cannot be flushed yet continues by itself.
  const flushing = mutagen
    .flush(id, AbortSignal.any([signal, stop.signal]))
    .catch(() => undefined)
    .finally(() => (flush.isOver = true))
  let stuckSince: number | undefined
  let pause = SHORTEST_PAUSE
  try {
    for (;;) {
      // Read before the poll.
      const {isOver} = flush
      const session = (await mutagen.list(signal)).find((each) => each.id === id)
      if (session === undefined) throw unfinished(undefined, 'something else ended it')
      if (isOver && session.successfulCycles > 0 && !isHalted(session.status)) {
        progress({
          stage: SYNC_STAGE,
          state: 'done',
          done: Math.max(session.alpha.bytes, session.beta.bytes),
          note: contentsOf(session),
        })
        return session
      }
      if (session.isPaused) throw unfinished(session, 'something else paused it')
      const [trouble] = troublesOf(session)
      if (isHalted(session.status)) throw unfinished(session, trouble?.detail ?? session.status)
      const isStuck = session.lastError !== undefined || !isConnected(session)
      stuckSince = isStuck ? (stuckSince ?? Date.now()) : undefined
      if (stuckSince !== undefined && Date.now() - stuckSince > TIMEOUT_MILLISECONDS)
        throw unfinished(session, trouble?.detail ?? session.status)
      progress(progressOf(session))
      if (!flush.isOver) await Promise.race([flushing, rest(MAX_PAUSE, {signal, ref: false})])
      else await rest((pause = Math.min(pause * 1.5, MAX_PAUSE)), {signal})
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

function progressOf({alpha, beta, status}: SyncSession): Parameters<Work['progress']>[0] {
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
  return new FailedError(`${name} did not complete its first cycle: ${printable(why)}.`, {
    code: 'sync-unfinished',
    hint:
      session === undefined
        ? `Create it again: ${commandLine`keg sync create`}`
        : `The sync is kept, and continues once that is fixed (${commandFor(session, 'status')}); ${commandFor(session, 'terminate')} ends it.`,
    data: session === undefined ? {} : {session: session.id, name: session.name ?? null, status: session.status},
  })
}
