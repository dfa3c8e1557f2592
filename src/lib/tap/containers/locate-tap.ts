import {readUserConfiguration} from '../../config/user-configuration.js'
import {FailedError} from '../../error/keg-error.js'
import {orTrouble, type RowTrouble} from '../../terminal/row-trouble.js'
import {
  findTapFolder,
  readTap,
  type FindTapOptions,
  type FindTapWork,
  type TapFolderPlace,
} from '../../tap-folder/link/find-tap.js'
import type {Tap} from '../../tap-folder/tap.js'
import type {Work} from '../../work/work.js'

/** A tap, to look for its containers. */
export interface LocatedTap extends Tap {
  /** Whether its folder is missing: then the branch is unknown, and all branches are meant. */
  readonly isGone: boolean
}

/**
 * Finds a tap as findTap does, and by name also one whose folder is missing: its containers may still exist.
 * @param name of a link; undefined for the tap that the current folder is in
 * @throws what findTap does, except `tap-folder-missing`
 */
export async function locateTap(work: Work, name: string | undefined): Promise<LocatedTap> {
  const place = await locateFolder(work, {name})
  if (place.isGone) return {...place, branch: undefined, commit: undefined}
  return {...(await readTap(place, work.environment)), isGone: false}
}

/** A tap to show. */
export interface SeenTap extends LocatedTap {
  /** Why the checked-out branch is unknown: git refuses the repository, or cannot read it. Null if it is known. */
  readonly trouble: RowTrouble | null
}

/** Finds a tap to show as locateTap does, without asking, and even if git cannot read what is checked out. */
export async function seeTap(work: Pick<Work, 'environment' | 'folder'>, name: string | undefined): Promise<SeenTap> {
  const {environment, folder} = work
  const place = await locateFolder({environment, folder}, {name})
  const unknown = {...place, branch: undefined, commit: undefined, trouble: null}
  if (place.isGone) return unknown
  const {trouble = null, value} = await orTrouble(readTap(place, environment))
  return {...unknown, ...value, trouble}
}

async function locateFolder(
  work: FindTapWork,
  options: FindTapOptions,
): Promise<TapFolderPlace & Pick<LocatedTap, 'isGone'>> {
  try {
    return {...(await findTapFolder(work, options)), isGone: false}
  } catch (error) {
    const {environment} = work
    const {name} = options
    if (!(error instanceof FailedError) || error.code !== 'tap-folder-missing' || name === undefined) throw error
    const folder = (await readUserConfiguration(environment)).taps.get(name)?.path
    if (folder === undefined) throw error
    return {name, folder, linkedFolder: folder, isGone: true}
  }
}
