import type {CreateSyncResult} from '../../sync/create/create-result.js'
import {createSync} from '../../sync/create/create-sync.js'
import type {Dependency} from './dependencies.js'
import {syncOptionsOf} from './sync-settings.js'
import {commonOptions, type TapSyncOptions} from './tap-sync-options.js'
import {nameOf} from '../../container/container-name.js'
import type {EngineWork} from '../../engine/engine-work.js'

/**
 * Syncs a dependency's folder with that in a tap's container, and waits until both are the same. The container's branch is
 * the tap's, not the dependency's, so the sync belongs to no branch.
 * @throws as syncTap does, except for the branch guard
 */
export async function syncDependency(
  work: EngineWork,
  {local, name, remote, settings}: Dependency,
  options: TapSyncOptions,
): Promise<CreateSyncResult> {
  return createSync(work, {
    ...commonOptions(options),
    ...syncOptionsOf(settings),
    local,
    remote,
    isOfNoBranch: true,
    defaultName: `${nameOf(options.container)}-${name}`,
  })
}
