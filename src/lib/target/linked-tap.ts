import {readUserConfiguration} from '../config/user-configuration.js'
import type {Engine} from '../engine/engine.js'
import type {ContainerDetails} from '../engine/types.js'
import {KegError} from '../error/keg-error.js'
import {notStarted} from '../tap/containers/running-main.js'
import {findTapContainers} from '../tap/containers/tap-containers.js'
import {findTap} from '../tap/link/find-tap.js'

/** What a name means among the linked taps. */
export type LinkedTap =
  | {readonly kind: 'container'; readonly container: ContainerDetails}
  /** A tap of that name is linked, but there is no such container, or its folder is gone. */
  | {readonly kind: 'none'; readonly error: KegError}

/** Which name, and seen from where. */
export interface FindLinkedTapOptions {
  readonly engine: Engine
  readonly name: string
  /** The current folder: in a worktree of the tap's repository the worktree's container is meant. */
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
}

/**
 * The container of a linked tap for the branch that is checked out in its folder; undefined where no tap is linked by that name.
 * @throws what readUserConfiguration does
 */
export async function findLinkedTap(options: FindLinkedTapOptions): Promise<LinkedTap | undefined> {
  const {engine, environment, folder, name} = options
  const {taps} = await readUserConfiguration(environment)
  if (!taps.has(name)) return undefined
  try {
    const tap = await findTap({name, folder, environment})
    const {main} = await findTapContainers(engine, tap)
    return main === undefined ? {kind: 'none', error: notStarted(tap)} : {kind: 'container', container: main}
  } catch (error) {
    if (!(error instanceof KegError) || error.code !== 'tap-folder-missing') throw error
    return {kind: 'none', error}
  }
}
