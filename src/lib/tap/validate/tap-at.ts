import {realpath, stat} from 'node:fs/promises'
import {basename} from 'node:path'
import {readUserConfiguration} from '../../config/user-configuration.js'
import {UsageError} from '../../error/keg-error.js'
import type {Prompt} from '../../terminal/prompt.js'
import {readAlias} from '../../tap-folder/alias.js'
import {isTapFolder} from '../../tap-folder/is-tap-folder.js'
import {findTap, unknownTap} from '../../tap-folder/link/find-tap.js'
import {absolutePath, linkableFolder} from '../../tap-folder/link/linkable-folder.js'
import {cleanTapName} from '../../reference/tap-name.js'
import type {Tap} from '../../tap-folder/tap.js'
import {refuseInvalid} from '../../config/model.js'
import type {Work} from '../../work/work.js'

/** Which tap, linked or not. */
export interface TapAtOptions {
  /** A link's name or a folder; undefined for the tap that the current folder is in, or the current folder itself. */
  readonly target: string | undefined
}

/** With a prompt, the user chooses among the linked taps if the current folder is neither a tap nor in one. */
type TapAtWork = Pick<Work, 'environment' | 'folder'> & {readonly prompt?: Prompt}

/**
 * The given tap, even if it is not linked yet: it gets the name that a link would give it.
 * @throws what findTap throws; UsageError `tap-path-missing`, `tap-container-missing`
 */
export async function tapAt(work: TapAtWork, {target}: TapAtOptions): Promise<Tap> {
  const {environment, folder} = work
  if (target === undefined) return (await linkedTap(work)) ?? unlinkedTap(folder)
  const configuration = await readUserConfiguration(environment)
  const {taps} = configuration
  if (taps.has(target)) return findTap({folder, environment}, {name: target})
  const path = absolutePath(target, folder, environment)
  // Neither exists: the user may have meant a link.
  if (/^[\w-]+$/.test(target) && (await stat(path).catch(() => undefined)) === undefined) {
    refuseInvalid(configuration, `taps.${target}`)
    throw await unknownTap(target, [...taps.keys()])
  }
  const real = await linkableFolder(path)
  const linked = await linkedTap({environment, folder: real})
  return linked !== undefined && linked.folder === real ? linked : unlinkedTap(real)
}

async function linkedTap({environment, folder, prompt}: TapAtWork): Promise<Tap | undefined> {
  try {
    return await findTap({environment, folder}, {name: undefined})
  } catch (error) {
    if (!(error instanceof UsageError) || error.code !== 'tap-missing') throw error
    // In a folder that can be linked, the user rather wants that folder checked than advice to link it.
    return (await isTapFolder(folder))
      ? undefined
      : findTap({environment, folder, ...(prompt && {prompt})}, {name: undefined})
  }
}

async function unlinkedTap(path: string): Promise<Tap> {
  const folder = await realpath(path)
  const name = cleanTapName((await readAlias(folder, [])) ?? '') ?? cleanTapName(basename(folder)) ?? 'tap'
  return {name, folder, linkedFolder: folder, branch: undefined, commit: undefined}
}
