import type {CreateSyncResult} from '../../sync/create/create-result.js'
import {createSync} from '../../sync/create/create-sync.js'
import {nameOf} from '../../target/find-target.js'
import {settleCompanions} from './companions.js'
import {mainSettings, wishesOf} from './sync-settings.js'
import {commonOptions, connectionOf, type TapSyncOptions} from './tap-sync-options.js'

/** Other folders than the tap's own. */
export interface SyncTapOptions extends TapSyncOptions {
  /** Folder of this machine, absolute, and folder in the container. */
  readonly local?: string | undefined
  readonly remote?: string | undefined
}

/**
 * Syncs a tap's folder with its container, and waits until both are the same. A session that is there is resumed; before a first
 * one the code that came with the image becomes the folder's, unless somebody changed it in the container since. Sessions of the
 * folder's other branches are paused, and those of dependencies go on.
 * @throws MissingError `mutagen-missing` and the other errors of Mutagen.find, before anything is done: whether a tap may do
 * without a sync is the caller's decision; what createSync does, RefusedError `branch-guard` among it
 */
export async function syncTap(options: SyncTapOptions): Promise<CreateSyncResult> {
  const {container, dryRun = false, opened} = options
  const {tap, values} = opened
  const result = await createSync({
    ...commonOptions(options),
    connection: await connectionOf(options),
    ...wishesOf(mainSettings(opened, nameOf(container))),
    local: options.local ?? tap.folder,
    remote: options.remote ?? values.text('DOC_APP_PATH'),
  })
  if (!dryRun) await settleCompanions(result, options)
  return result
}
