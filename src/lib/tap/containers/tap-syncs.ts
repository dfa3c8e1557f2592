import type {ContainerDetails} from '../../engine/types.js'
import {MissingError} from '../../error/keg-error.js'
import type {ChangeOptions} from '../../sync/change/change-syncs.js'
import {findSyncContainerStates} from '../../mutagen/container-state.js'
import {Mutagen} from '../../mutagen/mutagen.js'
import {isManaged, labelValue, SYNC_LABELS} from '../../mutagen/session-labels.js'
import type {SyncSession} from '../../mutagen/session.js'
import {tapProject} from '../../tap-folder/tap-project.js'
import type {LocatedTap} from './locate-tap.js'
import {nameOf} from '../../container/container-name.js'
import type {EngineWork} from '../../engine/engine-work.js'
import type {Work} from '../../work/work.js'

/** The syncs of a tap. */
export interface TapSyncs {
  /** Into existing containers. */
  readonly live: readonly SyncSession[]
  /** Into containers of the tap that are gone, according to their engine. */
  readonly gone: readonly SyncSession[]
  /** Why Mutagen cannot be asked: then the syncs are unknown. */
  readonly missing: MissingError | undefined
}

/** Which containers' syncs. */
export interface FindTapSyncsOptions {
  readonly tap: LocatedTap
  readonly containers: readonly ContainerDetails[]
  /** Also those into containers of other branches that are gone. */
  readonly allBranches: boolean
}

/**
 * Finds keg's syncs into containers of a tap, including those of dependencies and those made by hand.
 * @throws what Mutagen does, except MissingError
 */
export async function findTapSyncs(
  work: Pick<EngineWork, 'engine' | 'environment' | 'signal'>,
  {allBranches, containers, tap}: FindTapSyncsOptions,
): Promise<TapSyncs> {
  const sessions = await listOwnSessions(work)
  if (sessions instanceof MissingError) return {live: [], gone: [], missing: sessions}
  const ids = new Set(containers.map(({Id}) => Id))
  const live = sessions.filter(({beta}) => beta.host !== undefined && ids.has(beta.host))
  const names = new Set([tapProject(tap), ...containers.map(nameOf)].map(labelValue))
  // The tap's own sync knows the container name of another branch, and so which other syncs were into it.
  if (allBranches) for (const {alpha, labels} of sessions) if (alpha.path === tap.folder) names.add(containerOf(labels))
  const others = sessions.filter((session) => !live.includes(session) && names.has(containerOf(session.labels)))
  const fates = await findSyncContainerStates(others, work)
  return {live, gone: others.filter((session) => fates.get(session) === 'gone'), missing: undefined}
}

/** Options to change these syncs; an empty list is only allowed in a dry run. */
export function changing(sessions: readonly SyncSession[], {dryRun}: {readonly dryRun: boolean}): ChangeOptions {
  return {targets: sessions.map(({id}) => id), all: false, dryRun}
}

/** All of keg's sessions, or why Mutagen cannot be asked. */
export async function listOwnSessions({
  environment,
  signal,
}: Pick<Work, 'environment' | 'signal'>): Promise<SyncSession[] | MissingError> {
  try {
    const mutagen = await Mutagen.ifUsed(environment)
    return ((await mutagen?.list(signal)) ?? []).filter(isManaged)
  } catch (error) {
    if (error instanceof MissingError) return error
    throw error
  }
}

function containerOf(labels: SyncSession['labels']): string {
  return labels[SYNC_LABELS.containerName] ?? ''
}
