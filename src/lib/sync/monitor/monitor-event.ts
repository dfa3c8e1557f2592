import type {ObservedSync} from '../observe-syncs.js'
import type {SyncTrouble} from '../../mutagen/session-health.js'

/** An event of a monitor, as `keg sync monitor --json` prints it, one a line; scripts can rely on these fields. */
export type MonitorEvent = {
  /** Mutagen's identifier of the session. */
  readonly id: string
  /** Name of the sync; null for one without a name. */
  readonly name: string | null
} & (
  | {
      /** The state of the sync: the first event, and then whenever its state or branch changes. */
      readonly event: 'state'
      /** As in `keg sync status --json`. */
      readonly sync: ObservedSync
    }
  | {
      /** A problem appeared, or is gone. */
      readonly event: 'trouble' | 'cleared'
      /** The problem. */
      readonly trouble: SyncTrouble
    }
  | {
      /** The monitor paused it: another branch is checked out in its folder, or git is changing the files there. */
      readonly event: 'held'
      /** Which of these. */
      readonly reason: 'branch' | 'git'
      /** One sentence about it. */
      readonly message: string
    }
  | {
      /** The monitor resumed it. */
      readonly event: 'released'
    }
  | {
      /** Edits in its folder were synced. Anything that could not be synced is a trouble. */
      readonly event: 'flushed'
      /** How long that took. */
      readonly milliseconds: number
      /** What changed in the folder, here or by the container: paths below it, a hundred at most. */
      readonly paths: readonly string[]
      /** How many more paths changed. */
      readonly morePaths: number
    }
  | {
      /** Its folder is watched now: edits are synced at once. */
      readonly event: 'watched'
      /** The folder on this machine. */
      readonly folder: string
    }
  | {
      /** Its folder cannot be watched: edits are synced by Mutagen's own polling. */
      readonly event: 'unwatched'
      /** The reason, in one sentence. */
      readonly message: string
    }
  | {
      /** Mutagen does not have it any more. */
      readonly event: 'ended'
    }
)

/** The listener decides what to show. */
export type MonitorListener = (event: MonitorEvent) => void
