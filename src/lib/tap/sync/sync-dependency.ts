import type {CreateSyncResult} from '../../sync/create/create-result.js'
import {createSync} from '../../sync/create/create-sync.js'
import {nameOf} from '../../target/find-target.js'
import type {Dependency} from './dependencies.js'
import {wishesOf} from './sync-settings.js'
import {commonOptions, connectionOf, type TapSyncOptions} from './tap-sync-options.js'

/**
 * Syncs the folder of a dependency with that in a tap's container, and waits until both are the same. The container is for a
 * branch of the tap; which one is checked out in the dependency's folder is another matter, so the sync belongs to no branch.
 * @throws as syncTap does, but for the branch guard
 */
export async function syncDependency(
  {local, name, remote, settings}: Dependency,
  options: TapSyncOptions,
): Promise<CreateSyncResult> {
  return createSync({
    ...commonOptions(options),
    connection: await connectionOf(options),
    ...wishesOf(settings),
    local,
    remote,
    isOfNoBranch: true,
    usualName: `${nameOf(options.container)}-${name}`,
  })
}
