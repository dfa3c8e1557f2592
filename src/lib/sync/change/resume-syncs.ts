import {refuseOtherBranch} from '../branch/branch-guard.js'
import {changeSyncs, type ChangeReport, type ForcedChangeOptions} from './change-syncs.js'
import {connectSession, errorOf, goesOn, onceCompared} from './connect-session.js'
import {isHalted} from '../session-health.js'
import type {SyncSession} from '../session.js'

/**
 * Has syncs go on that are paused, halted, or have lost their container. Returns once both sides are compared.
 * Each may fail by RefusedError `branch-guard`; FailedError `sync-container-gone`, `container-stopped`,
 * `sync-disconnected`, and `sync-halted` where it halts again.
 */
export async function resumeSyncs(options: ForcedChangeOptions): Promise<ChangeReport> {
  const {signal} = options
  return changeSyncs(
    {
      check: (session) => guardBranch(session, options),
      async apply(session, mutagen) {
        if (goesOn(session)) return 'unchanged'
        await connectSession(session, {mutagen, signal})
        const after = await onceCompared(session.id, {mutagen, signal})
        const error = after !== undefined && isHalted(after.status) ? errorOf(after) : undefined
        if (error !== undefined) throw error
        return 'done'
      },
    },
    options,
  )
}

/** A dry run binds no session to another branch. */
export async function guardBranch(
  session: SyncSession,
  {dryRun, environment, force}: Pick<ForcedChangeOptions, 'dryRun' | 'environment' | 'force'>,
): Promise<void> {
  if (!dryRun || !force) await refuseOtherBranch([session], {environment, force})
}
