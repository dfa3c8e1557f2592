import type {ContainerDetails} from '../../engine/types.js'
import type {OpenTap} from '../../values/open-tap.js'

/** What syncing a folder with a tap's container needs. */
export interface TapSyncOptions {
  readonly opened: OpenTap
  /** The tap's main container, running. */
  readonly container: ContainerDetails
  /** Whether it was just created: its code is replaced by the folder's, because its image has it too. */
  readonly isFresh: boolean
  /** What to do about conflicts and files that cannot be written: `tell` warns (start), `fail` throws like `keg sync create`. */
  readonly troubles: 'tell' | 'fail'
  /** Sync even if the container is for another branch than the checked-out one. */
  readonly force: boolean
  /** Only say what would be done; default: false. */
  readonly dryRun?: boolean
}

/** The options that all syncs of a tap share. */
export function commonOptions({container, dryRun = false, force, isFresh, troubles}: TapSyncOptions) {
  return {
    container,
    target: undefined,
    watchMode: 'portable',
    force,
    wait: true,
    firstSync: isFresh ? 'replace' : 'replace-unchanged',
    warnsOfTroubles: troubles === 'tell',
    dryRun,
  } as const
}
