import {readUserConfiguration} from '../../config/user-configuration.js'
import type {ContainerDetails} from '../../engine/types.js'
import {KegError} from '../../error/keg-error.js'
import {notStarted} from '../tap/running-main.js'
import {findTapContainers} from '../tap/tap-containers.js'
import {findTap} from '../../tap-folder/link/find-tap.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** What a name means among linked taps. */
export type LinkedTap =
  | {readonly kind: 'container'; readonly container: ContainerDetails}
  /** A tap of that name is linked, but it has no container, its folder is missing, or the link is invalid. */
  | {readonly kind: 'none'; readonly error: KegError}

/** Which name, and in which folder. */
export interface FindLinkedTapOptions {
  readonly name: string
  /** The current folder: in a worktree of the tap's repository, the worktree's container is meant. */
  readonly folder: string
}

/**
 * The container of a linked tap for the branch checked out in its folder; undefined if no tap has that name.
 * @throws what readUserConfiguration does
 */
export async function findLinkedTap(
  work: Pick<EngineWork, 'engine' | 'environment'>,
  options: FindLinkedTapOptions,
): Promise<LinkedTap | undefined> {
  const {engine, environment} = work
  const {folder, name} = options
  const {invalid, taps} = await readUserConfiguration(environment)
  const problem = invalid.get(`taps.${name}`)?.error
  if (!taps.has(name)) return problem && {kind: 'none', error: problem}
  try {
    const tap = await findTap({folder, environment}, {name})
    const {main} = await findTapContainers(engine, tap)
    return main === undefined ? {kind: 'none', error: notStarted(tap)} : {kind: 'container', container: main}
  } catch (error) {
    if (!(error instanceof KegError) || error.code !== 'tap-folder-missing') throw error
    return {kind: 'none', error}
  }
}
