import {realpath, stat} from 'node:fs/promises'
import {basename, join} from 'node:path'
import {readUserConfiguration} from '../../config/user-configuration.js'
import {UsageError} from '../../error/keg-error.js'
import {readAlias} from '../folder/alias.js'
import {findTap, unknownTap} from '../link/find-tap.js'
import {absolutePath, linkableFolder} from '../link/change/linkable-folder.js'
import {cleanTapName} from '../link/tap-name.js'
import type {Tap} from '../tap.js'

/** Which tap is meant, linked or not. */
export interface TapAtOptions {
  /** A link's name or a folder; undefined for the tap that the current folder is in, or the current folder itself. */
  readonly target: string | undefined
  /** The current folder. */
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
}

/**
 * The tap that is meant, also one that is not linked yet: it has the name that a link would give it.
 * @throws what findTap throws; UsageError `tap-path-missing`, `tap-container-missing`
 */
export async function tapAt({environment, folder, target}: TapAtOptions): Promise<Tap> {
  if (target === undefined) return (await linkedTap(folder, environment)) ?? unlinkedTap(folder)
  const {taps} = await readUserConfiguration(environment)
  if (taps.has(target)) return findTap({name: target, folder, environment})
  const path = absolutePath(target, folder, environment)
  // A word that is neither: whoever wrote it may have meant a link.
  if (/^[\w-]+$/.test(target) && (await stat(path).catch(() => undefined)) === undefined)
    throw await unknownTap(target, [...taps.keys()])
  const real = await linkableFolder(path)
  const linked = await linkedTap(real, environment)
  return linked !== undefined && linked.folder === real ? linked : unlinkedTap(real)
}

async function linkedTap(folder: string, environment: NodeJS.ProcessEnv): Promise<Tap | undefined> {
  try {
    return await findTap({name: undefined, folder, environment})
  } catch (error) {
    if (!(error instanceof UsageError) || error.code !== 'tap-missing') throw error
    // Rather than to be told to link it, who stands in a folder that could be linked wants to know of this one.
    if (!(await holdsTap(folder))) throw error
    return undefined
  }
}

async function holdsTap(folder: string): Promise<boolean> {
  const signs = ['container', 'Dockerfile'].map((name) => stat(join(folder, name)).catch(() => undefined))
  return (await Promise.all(signs)).some((sign) => sign !== undefined)
}

async function unlinkedTap(path: string): Promise<Tap> {
  const folder = await realpath(path)
  const name = cleanTapName((await readAlias(folder, [])) ?? '') ?? cleanTapName(basename(folder)) ?? 'tap'
  return {name, folder, linkedFolder: folder, branch: undefined, commit: undefined}
}
