import type {ContainerDetails} from '../../engine/types.js'
import type {KegError} from '../../error/keg-error.js'
import type {ChangedSync} from '../../sync/change/change-syncs.js'
import {flushSyncs} from '../../sync/change/flush-syncs.js'
import {pauseSyncs} from '../../sync/change/pause-syncs.js'
import type {SyncSession} from '../../mutagen/session.js'
import type {LocatedTap} from '../containers/locate-tap.js'
import {changing, findTapSyncs} from '../containers/tap-syncs.js'
import type {EngineWork} from '../../engine/engine-work.js'
import type {Work} from '../../work/work.js'

/** Which syncs to pause. */
export interface PauseFolderSyncsOptions {
  readonly tap: LocatedTap
  /** Into these containers. */
  readonly containers: readonly ContainerDetails[]
  /** Whether to flush recent edits first. */
  readonly flushes: boolean
  /** Only say what would be done. */
  readonly dryRun: boolean
}

/** Pauses the syncs into containers; on request flushes recent edits first. */
export async function pauseFolderSyncs(
  work: EngineWork,
  {containers, dryRun, flushes, tap}: PauseFolderSyncsOptions,
): Promise<{readonly syncs: readonly ChangedSync[]; readonly failure: KegError | undefined}> {
  const {live, missing} = await findTapSyncs(work, {tap, containers, allBranches: false})
  if (missing !== undefined) work.warn(`${missing.message} The syncs of ${tap.name} stay as they are.`)
  if (live.length === 0) return {syncs: [], failure: undefined}
  if (!dryRun && flushes) await flushQuickly(work, live, containers)
  return pauseSyncs(work, changing(live, {dryRun}))
}

function isAtWork({Paused, Running}: ContainerDetails['State']): boolean {
  return Running && !Paused
}

/** An idle sync has nothing to transfer, and a stuck one is not worth a long wait. */
const QUICK = {patience: 10_000, connectPatience: 2000}

/** Flushes syncs into running containers, if that is quick, and warns about those that cannot be flushed. */
export async function flushQuickly(
  work: Work,
  sessions: readonly SyncSession[],
  containers: readonly ContainerDetails[],
): Promise<void> {
  const working = sessions.filter(
    ({beta, isPaused}) => !isPaused && containers.some(({Id, State}) => Id === beta.host && isAtWork(State)),
  )
  if (working.length === 0) return
  const {syncs} = await flushSyncs(work, {...changing(working, {dryRun: false}), ...QUICK, force: false})
  for (const {error} of syncs)
    // If another branch is checked out by now, nothing of it must be transferred.
    if (error !== null && error.code !== 'branch-guard') work.warn(error.message)
}
