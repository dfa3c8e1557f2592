import {FailedError, RefusedError, type KegError} from '../../error/keg-error.js'
import {formatDuration, printable} from '../../terminal/text.js'
import {changeSyncs, type ChangeReport, type ForcedChangeOptions} from './change-syncs.js'
import {FLUSH_TIMEOUT, flushSession} from '../../mutagen/flush-session.js'
import {connectSession, errorOf, type SessionWork} from './connect-session.js'
import {guardBranch} from './resume-syncs.js'
import {commandFor, isConnected, isHalted} from '../../mutagen/session-health.js'
import type {SyncSession} from '../../mutagen/session.js'
import type {Work} from '../../work/work.js'

export interface FlushOptions extends ForcedChangeOptions {
  /** How long each may make no progress, in milliseconds; default: five minutes. */
  readonly patience?: number | undefined
  /** How long each may be disconnected, in milliseconds; default: twenty seconds. */
  readonly connectPatience?: number | undefined
}

/**
 * Flushes syncs, and waits until both sides are the same. A sync whose folder has another branch checked out is paused, so
 * that nothing more of that branch is transferred. Each can fail with RefusedError `branch-guard`; FailedError
 * `sync-paused`, `sync-halted`, `sync-conflicts`, `sync-problems`, and as connectSession does.
 */
export async function flushSyncs(work: Work, options: FlushOptions): Promise<ChangeReport> {
  const {notice, progress, signal} = work
  const {connectPatience, dryRun, patience} = options
  return changeSyncs(
    work,
    {
      async check(session, mutagen) {
        try {
          await guardBranch(work, session, options)
        } catch (error) {
          if (error instanceof RefusedError && !dryRun && !session.isPaused) {
            await mutagen.pause(session.id, signal)
            notice(`Paused ${session.name ?? session.id}, because its folder has another branch checked out.`)
          }
          throw error
        }
        if (session.isPaused) throw pausedError(session)
      },
      async apply(session, mutagen) {
        await flush(session, {connectPatience, mutagen, patience, progress, signal})
        return 'done'
      },
    },
    options,
  )
}

type FlushWork = SessionWork & Pick<Work, 'progress'> & Pick<FlushOptions, 'connectPatience' | 'patience'>

async function flush(session: SyncSession, work: FlushWork): Promise<void> {
  const {connectPatience, mutagen, patience, progress} = work
  const name = printable(session.name ?? session.id)
  const stage = `Syncing ${name}`
  if (isHalted(session.status)) throw errorOf(session) ?? new Error('a halt that is no trouble')
  // Mutagen itself retries only every 15 seconds.
  if (!isConnected(session)) await connectSession(session, work)
  progress({stage, state: 'running'})
  const {
    failure,
    isStuck,
    session: after,
  } = await flushSession(work, {
    mutagen,
    session,
    stage,
    ...(patience !== undefined && {patience}),
    ...(connectPatience !== undefined && {connectPatience}),
  })
  if (isStuck) throw stuckError(session, patience)
  if (after?.isPaused === true) throw pausedError(after)
  const error: KegError | undefined = (after && errorOf(after)) ?? failure
  if (error !== undefined) throw error
  progress({stage, state: 'done'})
}

function stuckError(session: SyncSession, patience = FLUSH_TIMEOUT): FailedError {
  const name = printable(session.name ?? session.id)
  return new FailedError(`The sync ${name} has made no progress for ${formatDuration(patience)}.`, {
    code: 'sync-disconnected',
    hint: `Show its state with: ${commandFor(session, 'status')}`,
    data: {id: session.id, name: session.name ?? null},
  })
}

function pausedError(session: SyncSession): FailedError {
  return new FailedError(`The sync ${printable(session.name ?? session.id)} is paused.`, {
    code: 'sync-paused',
    hint: `Resume it with: ${commandFor(session, 'resume')}`,
    data: {id: session.id, name: session.name ?? null},
  })
}
