import type {Engine} from '../../../engine/engine.js'
import {CHANGE, type ContainerDetails} from '../../../engine/types.js'
import {MissingError} from '../../../error/keg-error.js'
import {sessionsInto} from '../../../sync/into-container.js'
import {Mutagen} from '../../../sync/mutagen.js'
import {nameOf} from '../../../target/find-target.js'

/** A path that a container changed against its image. */
export interface PathChange {
  readonly Path: string
  readonly Kind: number
}

/** What the engine itself makes in a container, and what comes and goes with every program. */
const NOISE =
  /^\/(?:\.dockerenv|dev|proc|sys|run|tmp|var\/(?:cache|log|run|tmp)|etc\/(?:hostname|hosts|mtab|resolv\.conf))(?:\/|$)/

/** What shells, package managers and Mutagen's agent leave behind wherever a user is at home. */
const TRACES =
  /\/(?:\.(?:ash|bash|node_repl|python|sh|zsh)_history|\.cache|\.mutagen|\.npm|\.yarn-cache|\.lesshst|\.viminfo)(?:\/|$)/

/**
 * The paths that would be lost with a container: its changes against its image, without what is synced from the folder here,
 * mounts, and what every container has. Folders are left out where something below them is among the changes.
 * @param synced folders in the container that a sync keeps the same as folders here
 */
export function ownChanges(
  changes: readonly PathChange[],
  {mounts, synced}: {readonly mounts: readonly string[]; readonly synced: readonly string[]},
): string[] {
  const elsewhere = [...mounts, ...synced]
  const kept = changes.filter(
    ({Path}) => !NOISE.test(Path) && !TRACES.test(Path) && !elsewhere.some((folder) => isAtOrBelow(Path, folder)),
  )
  // A folder counts as changed as soon as something in it does, be that noise or a mount.
  const parents = new Set(changes.flatMap(({Path}) => parentsOf(Path)))
  for (const folder of elsewhere) for (const parent of parentsOf(folder)) parents.add(parent)
  return kept.flatMap(({Kind, Path}) => (Kind !== CHANGE.deleted && parents.has(Path) ? [] : [Path])).sort()
}

/** The same of a container. */
export async function changesOf(
  engine: Engine,
  container: ContainerDetails,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string[]> {
  const [changes, synced] = await Promise.all([
    engine.changes(container.Id, signal),
    syncedFolders(engine, container, environment),
  ])
  return ownChanges(changes, {mounts: container.Mounts.map(({Destination}) => Destination), synced})
}

/** The folders in a container that syncs keep the same as folders here; none where Mutagen is not there to ask. */
async function syncedFolders(
  engine: Engine,
  container: ContainerDetails,
  environment: NodeJS.ProcessEnv,
): Promise<string[]> {
  const place = {id: container.Id, name: nameOf(container), endpoint: engine.endpoint, environment}
  const mutagen = await Mutagen.ifUsed(environment).catch((error: unknown) => {
    if (error instanceof MissingError) return undefined
    throw error
  })
  const sessions = mutagen === undefined ? [] : await sessionsInto(await mutagen.list(), place)
  return sessions.map(({beta}) => beta.path)
}

function isAtOrBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

function parentsOf(path: string): string[] {
  const parts = path.split('/').slice(1, -1)
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)
}
