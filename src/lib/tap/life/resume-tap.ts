import type {ContainerDetails} from '../../engine/types.js'
import {MissingError} from '../../error/keg-error.js'
import {resumeSyncs} from '../../sync/change/resume-syncs.js'
import type {CreateSyncResult} from '../../sync/create/create-result.js'
import {changing, findTapSyncs} from '../containers/tap-syncs.js'
import type {StartContext} from '../start/start-options.js'
import {syncTap} from '../sync/sync-tap.js'

/**
 * Has the syncs into a tap's containers go on, and waits for that of its folder. None is made where there was none: a tap may have
 * been started without.
 * @returns the sync of the tap's folder; undefined where there is none
 * @throws what syncTap does, but for a Mutagen that is missing, of which it is told
 */
export async function resumeTap(
  {engine, opened, options}: StartContext,
  {all, container}: {readonly container: ContainerDetails; readonly all: readonly ContainerDetails[]},
): Promise<CreateSyncResult | undefined> {
  const {force, say} = options
  const {tap} = opened
  const found = {tap: {...tap, isGone: false}, containers: all, allBranches: false}
  const {live} = await findTapSyncs(found, {...options, engine})
  if (live.length === 0) return undefined
  if (live.some(({alpha, beta}) => alpha.path === tap.folder && beta.host === container.Id))
    return syncTap({...options, opened, container, engine, isFresh: false, troubles: 'tell'}).catch(
      (error: unknown) => {
        if (!(error instanceof MissingError) || !error.code.startsWith('mutagen-')) throw error
        say(`Warning: the folder is not synced. ${error.message}`)
        return undefined
      },
    )
  const {failure} = await resumeSyncs({...changing(live, options, {dryRun: false, folder: tap.folder}), force})
  if (failure !== undefined) say(`Warning: ${failure.message}`)
  return undefined
}
