import {KegError, MissingError} from '../../error/keg-error.js'
import type {ContainerDetails} from '../../engine/types.js'
import type {CreateSyncResult} from '../../sync/create/create-result.js'
import {syncTap} from '../sync/sync-tap.js'
import type {ContainerAction, StartContext} from './model.js'

/** Whether to sync the folder: `--sync` and `--no-sync` override KEG_AUTO_SYNC. */
export function wantsSync({opened, options}: Pick<StartContext, 'opened' | 'options'>): boolean {
  return options.sync ?? opened.values.isOn('KEG_AUTO_SYNC')
}

/**
 * Syncs the folder with its container, and waits for the first sync.
 * @returns undefined if Mutagen is missing, or the folder is mounted in the container anyway, and there is no `--sync`
 * @throws MissingError `mutagen-missing` and UsageError `sync-itself` with `--sync`, and what syncTap throws
 */
export async function syncStarted(
  context: StartContext,
  container: ContainerDetails,
  action: ContainerAction,
): Promise<CreateSyncResult | undefined> {
  const {notice, opened, options, warn} = context
  const {dryRun, force} = options
  const isFresh = action === 'create' || action === 'recreate'
  try {
    return await syncTap(context, {opened, container, isFresh, troubles: 'tell', force, dryRun})
  } catch (error) {
    if (options.sync === true || !(error instanceof KegError)) throw error
    if (error.code === 'sync-itself') notice(error.message)
    else if (error instanceof MissingError && error.code.startsWith('mutagen-'))
      warn(`the folder is not synced. ${error.message} ${error.hint ?? ''}`.trimEnd())
    else throw error
    return undefined
  }
}
