import type {ContainerDetails} from '../../engine/types.js'
import {MissingError} from '../../error/keg-error.js'
import {resumeSyncs} from '../../sync/change/resume-syncs.js'
import type {CreateSyncResult} from '../../sync/create/create-result.js'
import {changing, findTapSyncs} from '../containers/tap-syncs.js'
import type {StartContext} from '../start/model.js'
import {syncTap} from '../sync/sync-tap.js'

/**
 * Resumes the syncs into a tap's containers, and waits for that of its folder. Creates none: the tap may have been started
 * without.
 * @returns the sync of the tap's folder; undefined if there is none
 * @throws what syncTap does, except that a missing Mutagen is only a warning
 */
export async function resumeTap(
  context: StartContext,
  {all, container}: {readonly container: ContainerDetails; readonly all: readonly ContainerDetails[]},
): Promise<CreateSyncResult | undefined> {
  const {opened, options, warn} = context
  const {force} = options
  const {tap} = opened
  const found = {tap: {...tap, isGone: false}, containers: all, allBranches: false}
  const {live} = await findTapSyncs(context, found)
  if (live.length === 0) return undefined
  if (live.some(({alpha, beta}) => alpha.path === tap.folder && beta.host === container.Id))
    return syncTap(context, {opened, container, isFresh: false, troubles: 'tell', force}).catch((error: unknown) => {
      if (!(error instanceof MissingError) || !error.code.startsWith('mutagen-')) throw error
      warn(`the folder is not synced. ${error.message}`)
      return undefined
    })
  const {failure} = await resumeSyncs(context, {...changing(live, {dryRun: false}), force})
  if (failure !== undefined) warn(failure.message)
  return undefined
}
