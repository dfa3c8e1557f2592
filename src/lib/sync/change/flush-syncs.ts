import {FailedError, RefusedError, type KegError} from '../../error/keg-error.js'
import type {ProgressListener} from '../../terminal/progress.js'
import {formatDuration, printable} from '../../terminal/text.js'
import {changeSyncs, type ChangeReport, type ForcedChangeOptions} from './change-syncs.js'
import {FLUSH_PATIENCE, flushSession} from '../flush-session.js'
import {connectSession, errorOf, type SessionWork} from './connect-session.js'
import {guardBranch} from './resume-syncs.js'
import {commandFor, isConnected, isHalted} from '../session-health.js'
import type {SyncSession} from '../session.js'

export interface FlushOptions extends ForcedChangeOptions {
  readonly progress: ProgressListener
  /** How long each may stand without getting on, in milliseconds; default: five minutes. */
  readonly patience?: number
  /** How long each may be without one of its sides, in milliseconds; default: twenty seconds. */
  readonly connectPatience?: number
}

/**
 * Has syncs bring over all that changed until now on either side, and waits until both sides are the same. One in whose folder
 * another branch is checked out is paused, so that nothing more of that branch comes over.
 * Each may fail by RefusedError `branch-guard`; FailedError `sync-paused`, `sync-halted`, `sync-conflicts`, `sync-problems`,
 * and as connectSession does.
 */
export async function flushSyncs(options: FlushOptions): Promise<ChangeReport> {
  const {dryRun, say, signal} = options
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
        await flush(session, {...options, mutagen})
        return 'done'
      },
    },
    options,
  )
}

type FlushWork = SessionWork & Pick<FlushOptions, 'connectPatience' | 'patience' | 'progress'>

async function flush(session: SyncSession, work: FlushWork): Promise<void> {
  const {connectPatience, mutagen, patience, progress, signal} = work
  const name = printable(session.name ?? session.id)
  const stage = `Syncing ${name}`
  if (isHalted(session.status)) throw errorOf(session) ?? new Error('a halt that is no trouble')
  // By itself Mutagen tries every 15 seconds.
  if (!isConnected(session)) await connectSession(session, work)
  progress({stage, state: 'running'})
  const {
    failure,
    isStuck,
    session: after,
  } = await flushSession({
    mutagen,
    progress,
    session,
    signal,
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

function stuckError(session: SyncSession, patience = FLUSH_PATIENCE): FailedError {
  const name = printable(session.name ?? session.id)
  return new FailedError(`The sync ${name} has not got on for ${formatDuration(patience)}.`, {
    code: 'sync-disconnected',
    hint: `Look at it with: ${commandFor(session, 'status')}`,
    data: {id: session.id, name: session.name ?? null},
  })
}

function pausedError(session: SyncSession): FailedError {
  return new FailedError(`The sync ${printable(session.name ?? session.id)} is paused.`, {
    code: 'sync-paused',
    hint: `Let it go on with: ${commandFor(session, 'resume')}`,
    data: {id: session.id, name: session.name ?? null},
  })
}
