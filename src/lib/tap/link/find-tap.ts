import type {Tap} from '../tap.js'

/** Which tap is meant. */
export interface FindTapOptions {
  /** The name of a link; undefined for the tap that the folder is in. */
  readonly name: string | undefined
  /** The current folder. */
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
}

/**
 * The tap of that name. Where the current folder is in a git worktree of its repository, that worktree's. Without a name the tap
 * that the current folder is in: a linked folder or one below it, or the same place in another worktree of its repository.
 * @throws UsageError `tap-unknown` with the name that may have been meant, `tap-missing` where the folder is in none;
 * FailedError `tap-folder-missing` for a link to a folder that is gone, and what readUserConfiguration throws
 */
export function findTap(options: FindTapOptions): Promise<Tap> {
  throw new Error(`not yet: ${options.folder}`)
}
