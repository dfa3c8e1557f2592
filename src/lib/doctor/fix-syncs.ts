import {MissingError} from '../error/keg-error.js'
import {removeBinding} from '../branch/sync/branch-binding.js'
import {findSyncContainerStates} from '../mutagen/container-state.js'
import {Mutagen} from '../mutagen/mutagen.js'
import {sessionText} from '../mutagen/session-health.js'
import {isManaged} from '../mutagen/session-labels.js'
import type {Fix} from './model.js'
import type {EngineWork} from '../engine/engine-work.js'

/** How to terminate keg's syncs into containers that are gone, according to their own engine. Changes no files. */
export async function syncFixes(work: Pick<EngineWork, 'engine' | 'environment' | 'signal'>): Promise<Fix[]> {
  const {environment, signal} = work
  // Another check reports that Mutagen is missing.
  const mutagen = await Mutagen.ifUsed(environment).catch(whereMissing)
  if (mutagen === undefined) return []
  const sessions = (await mutagen.list(signal)).filter(isManaged)
  const fates = await findSyncContainerStates(sessions, work)
  const gone = sessions.filter((session) => fates.get(session) === 'gone')
  return gone.map((session) => ({
    kind: 'sync',
    id: session.id,
    name: session.name ?? session.id,
    text: `end the sync ${sessionText(session)}: its container is gone`,
    covers: [session.id],
    losesData: false,
    apply: async () => {
      await mutagen.terminate(session.id, signal)
      await removeBinding(session.id, environment)
    },
  }))
}

function whereMissing(error: unknown): undefined {
  if (!(error instanceof MissingError)) throw error
}
