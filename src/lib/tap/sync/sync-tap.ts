import type {CreateSyncResult} from '../../sync/create/create-result.js'
import {createSync} from '../../sync/create/create-sync.js'
import {alignDependencySyncs} from './dependency-syncs.js'
import {mainSettings, syncOptionsOf} from './sync-settings.js'
import {commonOptions, type TapSyncOptions} from './tap-sync-options.js'
import {nameOf} from '../../container/container-name.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** Other folders than the tap's own. */
export interface SyncTapOptions extends TapSyncOptions {
  /** Absolute folder of this machine, and folder in the container. */
  readonly local?: string | undefined
  readonly remote?: string | undefined
}

/**
 * Syncs a tap's folder with its container, and waits until both are the same. Resumes an existing session; before a first
 * one, the image's code is replaced by the folder's, unless it was changed in the container. Pauses sessions of the folder's
 * other branches, and resumes those of dependencies.
 * @throws MissingError `mutagen-missing` and the other errors of Mutagen.find, before anything is done: the caller decides
 * whether a tap can do without a sync; what createSync does, including RefusedError `branch-guard`
 */
export async function syncTap(work: EngineWork, options: SyncTapOptions): Promise<CreateSyncResult> {
  const {container, dryRun = false, opened} = options
  const {tap, values} = opened
  const result = await createSync(work, {
    ...commonOptions(options),
    ...syncOptionsOf(mainSettings(opened, nameOf(container))),
    local: options.local ?? tap.folder,
    remote: options.remote ?? values.text('DOC_APP_PATH'),
  })
  if (!dryRun) await alignDependencySyncs(work, result, options)
  return result
}
