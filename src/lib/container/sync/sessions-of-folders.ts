import {realpath} from 'node:fs/promises'
import type {Engine} from '../../engine/engine.js'
import {sessionBranch} from '../../branch/sync/branch-guard.js'
import {isOfEngine} from '../../mutagen/into-container.js'
import {Mutagen} from '../../mutagen/mutagen.js'
import {labelValue} from '../../mutagen/session-labels.js'
import type {SyncSession} from '../../mutagen/session.js'

/**
 * Ids of this engine's containers that are synced with one of the folders, by keg or not: those of the branch, or else all.
 * Without Mutagen sessions this costs one look at a folder.
 * @param folders with their real paths
 * @throws what Mutagen does
 */
export async function sessionsOfFolders(
  folders: readonly string[],
  {
    branch,
    engine,
    environment,
  }: {
    readonly branch: string | undefined
    readonly engine: Pick<Engine, 'container' | 'endpoint'>
    readonly environment: NodeJS.ProcessEnv
  },
): Promise<readonly string[]> {
  const mutagen = await Mutagen.ifUsed(environment)
  const found: {readonly session: SyncSession; readonly id: string}[] = []
  for (const session of (await mutagen?.list()) ?? []) {
    const {alpha, beta} = session
    if (alpha.protocol !== 'local' || beta.protocol !== 'docker' || beta.host === undefined) continue
    if (!folders.includes(await realpath(alpha.path).catch(() => alpha.path))) continue
    // Another engine may have a container with that name.
    if ((await isOfEngine(beta, {endpoint: engine.endpoint, environment})) === false) continue
    const id = (await engine.container(beta.host))?.Id
    if (id !== undefined) found.push({session, id})
  }
  const ofBranch: string[] = []
  for (const {id, session} of found) {
    const own = await sessionBranch(session, environment)
    if (branch !== undefined && (own === branch || own === labelValue(branch))) ofBranch.push(id)
  }
  return ofBranch.length > 0 ? ofBranch : found.map(({id}) => id)
}
