import {refuseOtherBranch} from '../../branch/sync/branch-guard.js'
import {changeSyncs, type ChangeReport, type ForcedChangeOptions} from './change-syncs.js'
import {connectSession, errorOf, isRunning, waitUntilCompared} from './connect-session.js'
import {isHalted} from '../../mutagen/session-health.js'
import type {SyncSession} from '../../mutagen/session.js'
import type {Work} from '../../work/work.js'

/**
 * Resumes paused, halted or disconnected syncs. Returns once both sides are compared. Each can fail with RefusedError
 * `branch-guard`; FailedError `sync-container-gone`, `container-stopped`, `sync-disconnected`, and `sync-halted` if it halts
 * again.
 */
export async function resumeSyncs(work: Work, options: ForcedChangeOptions): Promise<ChangeReport> {
  const {signal} = work
  return changeSyncs(
    work,
    {
      check: (session) => guardBranch(work, session, options),
      async apply(session, mutagen) {
        if (isRunning(session)) return 'unchanged'
        await connectSession(session, {mutagen, signal})
        const after = await waitUntilCompared(session.id, {mutagen, signal})
        const error = after !== undefined && isHalted(after.status) ? errorOf(after) : undefined
        if (error !== undefined) throw error
        return 'done'
      },
    },
    options,
  )
}

/** A dry run does not bind a session to another branch. */
export async function guardBranch(
  {environment}: Pick<Work, 'environment'>,
  session: SyncSession,
  {dryRun, force}: Pick<ForcedChangeOptions, 'dryRun' | 'force'>,
): Promise<void> {
  if (!dryRun || !force) await refuseOtherBranch({environment}, [session], {force})
}
