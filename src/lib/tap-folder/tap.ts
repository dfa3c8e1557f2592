/** A linked tap in its current folder. */
export interface Tap {
  /** The name of the link, also a command. */
  readonly name: string
  /** The tap's folder, as a real path: the linked one, or the same path in another git worktree of its repository. */
  readonly folder: string
  /** The folder that the link names. */
  readonly linkedFolder: string
  /** Full name of the branch checked out there, or the tag of the commit (see readCheckedOutBranch); undefined without git. */
  readonly branch: string | undefined
  /** All digits of the checked-out commit; undefined if there is none. */
  readonly commit: string | undefined
}
