import {KegError, MissingError} from '../../error/keg-error.js'
import type {ContainerDetails} from '../../engine/types.js'
import type {CreateSyncResult} from '../../sync/create/create-result.js'
import type {Decision} from './container/recreate.js'
import {syncTap} from '../sync/sync-tap.js'
import type {StartContext} from './start-options.js'

/** Whether the folder is to be synced: `--sync` and `--no-sync` stand above KEG_AUTO_SYNC. */
export function wantsSync({opened, options}: Pick<StartContext, 'opened' | 'options'>): boolean {
  return options.sync ?? opened.values.isOn('KEG_AUTO_SYNC')
}

/**
 * Syncs the folder with its container, and waits for the first sync.
 * @returns undefined where Mutagen is missing, or the folder is mounted in the container anyway, and nobody said `--sync`
 * @throws MissingError `mutagen-missing` and UsageError `sync-itself` with `--sync`, and what syncTap throws
 */
export async function syncStarted(
  {engine, opened, options}: StartContext,
  container: ContainerDetails,
  decision: Decision,
): Promise<CreateSyncResult | undefined> {
  try {
    return await syncTap({
      ...options,
      opened,
      container,
      engine,
      isFresh: decision.kind !== 'start',
      troubles: 'tell',
    })
  } catch (error) {
    if (options.sync === true || !(error instanceof KegError)) throw error
    if (error.code === 'sync-itself') options.say(error.message)
    else if (error instanceof MissingError && error.code.startsWith('mutagen-'))
      options.say(`Warning: the folder is not synced. ${error.message} ${error.hint ?? ''}`.trimEnd())
    else throw error
    return undefined
  }
}
