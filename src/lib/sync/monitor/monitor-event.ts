import type {ObservedSync} from '../observe-syncs.js'
import type {SyncTrouble} from '../session-health.js'

/** What a monitor tells, and `keg sync monitor --json` prints, one a line; scripts can rely on these fields. */
export type MonitorEvent = {
  /** Mutagen's identifier of the session. */
  readonly id: string
  readonly name: string | null
} & (
  | {
      /** How the sync is: told first of all, and whenever its state or its branch changes. */
      readonly event: 'state'
      readonly sync: ObservedSync
    }
  | {
      /** Something that is wrong from now on, or is not any more. */
      readonly event: 'trouble' | 'cleared'
      readonly trouble: SyncTrouble
    }
  | {
      /** The monitor paused it: another branch is checked out in its folder, or git is changing the files there. */
      readonly event: 'held'
      readonly reason: 'branch' | 'git'
      readonly message: string
    }
  | {
      /** The monitor lets it go on. */
      readonly event: 'released'
    }
  | {
      /** Edits in its folder were brought over. What stood in the way of some is a trouble. */
      readonly event: 'flushed'
      readonly milliseconds: number
    }
  | {
      /** Its folder is watched from now on: edits come over at once. */
      readonly event: 'watched'
      readonly folder: string
    }
  | {
      /** Its folder cannot be watched: edits come over by Mutagen's own polling. */
      readonly event: 'unwatched'
      readonly message: string
    }
  | {
      /** Mutagen has it no more. */
      readonly event: 'ended'
    }
)

/** Whoever listens decides what is shown. */
export type MonitorListener = (event: MonitorEvent) => void
