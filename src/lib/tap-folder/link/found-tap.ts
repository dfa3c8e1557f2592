import {orTrouble, type RowTrouble} from '../../terminal/row-trouble.js'
import {readTap, type TapFolderPlace} from './find-tap.js'

/** A tap with its state in git, as `keg tap path --json` prints it; scripts can rely on these fields. */
export interface FoundTap {
  /** Name of the tap. */
  readonly name: string
  /** Its folder. */
  readonly path: string
  /** The folder of the link: another one if this is a worktree. */
  readonly linkedPath: string
  /** The branch checked out there; null without git. */
  readonly branch: string | null
  /** The commit checked out there; null without git. */
  readonly commit: string | null
  /** Why branch and commit are unknown; null if they are known, or without git. */
  readonly trouble: RowTrouble | null
}

/** What is checked out in a tap's folder, or why that is unknown. */
export async function readFoundTap(place: TapFolderPlace, environment: NodeJS.ProcessEnv): Promise<FoundTap> {
  const {trouble = null, value} = await orTrouble(readTap(place, environment))
  return {
    name: place.name,
    path: place.folder,
    linkedPath: place.linkedFolder,
    branch: value?.branch ?? null,
    commit: value?.commit ?? null,
    trouble,
  }
}
