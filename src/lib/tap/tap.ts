/** A linked folder that has a `container/` folder, as it is at hand. */
export interface Tap {
  /** The name of the link, which is a command too. */
  readonly name: string
  /** The tap's folder, as a real path: that of the link, or the same place in another git worktree of its repository. */
  readonly folder: string
  /** The folder that the link names. */
  readonly linkedFolder: string
  /** Whole name of the branch checked out there, or the tag of the commit (see readCheckedOutBranch); undefined without git. */
  readonly branch: string | undefined
  /** All digits of the commit checked out; undefined without one. */
  readonly commit: string | undefined
}
