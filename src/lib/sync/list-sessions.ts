import {Mutagen} from './mutagen.js'
import type {SyncSession} from './session.js'
import {isOwn} from './session-labels.js'

/** The sessions that keg made; none where Mutagen has none at all. @throws what Mutagen does */
export async function listSessions(environment: NodeJS.ProcessEnv, signal: AbortSignal): Promise<SyncSession[]> {
  const mutagen = await Mutagen.ifUsed(environment)
  return (await mutagen?.list(signal))?.filter(isOwn) ?? []
}
