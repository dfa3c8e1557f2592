import {readUserConfiguration} from '../../config/user-configuration.js'
import {FailedError} from '../../error/keg-error.js'
import {findTap, type FindTapOptions} from '../link/find-tap.js'
import type {Tap} from '../tap.js'

/** A tap whose containers are looked for. */
export interface LocatedTap extends Tap {
  /** Whether its folder is gone: then nobody knows of a branch, and what is left of any of them is meant. */
  readonly isGone: boolean
}

/**
 * Finds a tap as findTap does, and by its name also one whose folder is gone: its containers are there all the same.
 * @throws what findTap does, but `tap-folder-missing`
 */
export async function locateTap(options: FindTapOptions): Promise<LocatedTap> {
  try {
    return {...(await findTap(options)), isGone: false}
  } catch (error) {
    const {environment, name} = options
    if (!(error instanceof FailedError) || error.code !== 'tap-folder-missing' || name === undefined) throw error
    const folder = (await readUserConfiguration(environment)).taps.get(name)?.path
    if (folder === undefined) throw error
    return {name, folder, linkedFolder: folder, branch: undefined, commit: undefined, isGone: true}
  }
}
