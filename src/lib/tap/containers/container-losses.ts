import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails} from '../../engine/types.js'
import {MissingError} from '../../error/keg-error.js'
import {parseJson} from '../../json/json.js'
import {ignoreMatcher} from '../../git/ignore/ignore-matcher.js'
import {sessionsInto} from '../../mutagen/into-container.js'
import {Mutagen} from '../../mutagen/mutagen.js'
import type {SyncSession} from '../../mutagen/session.js'
import {memoryPlaces} from './fleeting-data.js'
import {ownChanges, type ContainerLosses, type SyncedFolder} from './own-changes.js'
import type {CodeFolder} from './reproducible.js'
import {unsyncedEdits, type EditsPlace} from './unsynced-edits.js'
import {nameOf} from '../../container/container-name.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** A label on each container into which docker compose writes files (configs, secrets): a JSON list of their paths. */
export const PROVIDED_LABEL = 'com.keg.tap.provided'

/**
 * What would be lost if a container were removed, apart from its anonymous volumes and memory.
 * @param code further folders of code in it, besides the synced ones
 */
export async function lossesOf(
  work: Pick<EngineWork, 'engine' | 'environment' | 'signal'>,
  container: ContainerDetails,
  code: readonly CodeFolder[],
): Promise<ContainerLosses> {
  const {engine, environment, signal} = work
  const [changes, sessions] = await Promise.all([
    engine.changes(container.Id, signal),
    sessionsOf(engine, container, environment),
  ])
  const local = sessions.filter(({alpha}) => alpha.protocol === 'local')
  const elsewhere = sessions.filter((session) => !local.includes(session)).map(({beta}) => beta.path)
  const mounts = [...container.Mounts.map(({Destination}) => Destination), ...memoryPlaces(container)]
  const synced = await Promise.all(
    local.map(async (session) => syncedFolder(work, session, {container: container.Id, changes})),
  )
  const provided = [...providedFiles(container), ...workingDirectory(container)]
  return ownChanges(changes, {mounts: [...mounts, ...elsewhere], provided, synced, code})
}

/** The folder of code of a tap's own container; none if it is unknown. */
export function codeOf(
  {Config}: Pick<ContainerDetails, 'Config'>,
  {appPath, folder}: {readonly folder: string; readonly appPath: string | undefined},
): CodeFolder[] {
  const remote = appPath ?? Config.WorkingDir ?? ''
  return remote.startsWith('/') && remote !== '/' ? [{remote, local: folder}] : []
}

/** Files with a sync problem, or edited while it was paused, were not synced. */
async function syncedFolder(
  work: Pick<EngineWork, 'engine' | 'signal'>,
  session: SyncSession,
  place: EditsPlace,
): Promise<SyncedFolder> {
  const {alpha, beta, conflicts, settings} = session
  const folder = {
    remote: beta.path,
    local: alpha.path,
    isIgnored: ignoreMatcher(settings.ignores, settings.ignoresVersionControl),
  }
  const ofConflicts = conflicts.flatMap((conflict) =>
    conflict.beta.flatMap(({after, path}) => (after === undefined ? [] : [`${beta.path}/${path}`.replace(/\/$/, '')])),
  )
  const isWorking = !session.isPaused && beta.isConnected && !session.status.startsWith('halted')
  const edited = isWorking ? [] : await unsyncedEdits(work, folder, place)
  return {...folder, unsynced: [...new Set([...ofConflicts, ...edited])]}
}

/** The syncs into a container; none if Mutagen is missing. */
async function sessionsOf(
  engine: Engine,
  container: ContainerDetails,
  environment: NodeJS.ProcessEnv,
): Promise<readonly SyncSession[]> {
  const place = {id: container.Id, name: nameOf(container), endpoint: engine.endpoint}
  const mutagen = await Mutagen.ifUsed(environment).catch((error: unknown) => {
    if (error instanceof MissingError) return undefined
    throw error
  })
  return mutagen === undefined ? [] : sessionsInto({environment}, await mutagen.list(), place)
}

/** The engine creates it if the image does not have it. */
function workingDirectory({Config: {WorkingDir = ''}}: ContainerDetails): string[] {
  const path = WorkingDir.replace(/\/+$/, '')
  return path === '' ? [] : [path]
}

/** From the label, which is only a hint: an image can have it, too. */
function providedFiles({Config}: ContainerDetails): string[] {
  const written = parseJson(Config.Labels?.[PROVIDED_LABEL] ?? '')
  return Array.isArray(written) ? (written as unknown[]).filter((path) => typeof path === 'string') : []
}
