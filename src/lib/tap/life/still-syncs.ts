import type {ContainerDetails} from '../../engine/types.js'
import type {KegError} from '../../error/keg-error.js'
import type {ChangedSync} from '../../sync/change/change-syncs.js'
import {flushSyncs} from '../../sync/change/flush-syncs.js'
import {pauseSyncs} from '../../sync/change/pause-syncs.js'
import type {SyncSession} from '../../sync/session.js'
import type {ProgressListener} from '../../terminal/progress.js'
import type {LocatedTap} from '../containers/locate-tap.js'
import {changing, findTapSyncs, type TapWork} from '../containers/tap-syncs.js'

/** What stands still, and how it is told. */
export interface StillOptions extends TapWork {
  /** Only say what would be done. */
  readonly dryRun: boolean
  readonly progress: ProgressListener
}

/** Pauses the syncs into containers; as wished, once what was just edited has come over. */
export async function standStill(
  containers: readonly ContainerDetails[],
  tap: LocatedTap,
  options: StillOptions & {readonly flushes: boolean},
): Promise<{readonly syncs: readonly ChangedSync[]; readonly failure: KegError | undefined}> {
  const {dryRun, say} = options
  const {live, missing} = await findTapSyncs({tap, containers, allBranches: false}, options)
  if (missing !== undefined) say(`Warning: ${missing.message} The syncs of ${tap.name} stay as they are.`)
  if (live.length === 0) return {syncs: [], failure: undefined}
  if (!dryRun && options.flushes) await bringOver(live, {tap, containers}, options)
  return pauseSyncs(changing(live, options, {dryRun, folder: tap.folder}))
}

function isAtWork({Paused, Running}: ContainerDetails['State']): boolean {
  return Running && !Paused
}

/** A sync that is idle has nothing to bring over, and one that is stuck is not waited for long. */
const QUICK = {patience: 10_000, connectPatience: 2000}

/** Has syncs into running containers bring over what was just edited, as far as that is quickly done, and tells of what is not. */
export async function bringOver(
  sessions: readonly SyncSession[],
  {containers, tap}: {readonly containers: readonly ContainerDetails[]; readonly tap: LocatedTap},
  options: StillOptions,
): Promise<void> {
  const working = sessions.filter(
    ({beta, isPaused}) => !isPaused && containers.some(({Id, State}) => Id === beta.host && isAtWork(State)),
  )
  if (working.length === 0) return
  const changes = changing(working, options, {dryRun: false, folder: tap.folder})
  const {syncs} = await flushSyncs({...changes, ...QUICK, progress: options.progress, force: false})
  for (const {error} of syncs)
    // Where another branch is checked out by now, nothing of it is to come over.
    if (error !== null && error.code !== 'branch-guard') options.say(`Warning: ${error.message}`)
}
