import type {Questions} from '../../command/ask.js'
import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails} from '../../engine/types.js'
import {MissingError} from '../../error/keg-error.js'
import type {ChangeOptions} from '../../sync/change/change-syncs.js'
import {findContainerFates} from '../../sync/container-fate.js'
import {Mutagen} from '../../sync/mutagen.js'
import {isOwn, labelValue, SYNC_LABELS} from '../../sync/session-labels.js'
import type {SyncSession} from '../../sync/session.js'
import {nameOf} from '../../target/find-target.js'
import {tapNames} from '../tap-names.js'
import type {LocatedTap} from './locate-tap.js'

/** With what the syncs of a tap are looked for and changed. */
export interface TapWork {
  readonly engine: Engine
  readonly environment: NodeJS.ProcessEnv
  readonly questions: Questions
  /** Takes a line for the person at the terminal. */
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** The syncs of a tap. */
export interface TapSyncs {
  /** Into containers that are there. */
  readonly live: readonly SyncSession[]
  /** Into containers of the tap that are gone, as their engine says. */
  readonly gone: readonly SyncSession[]
  /** Why Mutagen, which keeps them, cannot be asked: then nothing is known of them. */
  readonly missing: MissingError | undefined
}

/** Of which containers the syncs are meant. */
export interface FindTapSyncsOptions {
  readonly tap: LocatedTap
  readonly containers: readonly ContainerDetails[]
  /** Also those into containers of other branches that are gone. */
  readonly allBranches: boolean
}

/**
 * Finds the syncs that keg made into containers of a tap, those of dependencies and those made by hand included.
 * @throws what Mutagen does, but MissingError
 */
export async function findTapSyncs(
  {allBranches, containers, tap}: FindTapSyncsOptions,
  {engine, environment, signal}: Pick<TapWork, 'engine' | 'environment' | 'signal'>,
): Promise<TapSyncs> {
  const sessions = await listOwnSessions(environment, signal)
  if (sessions instanceof MissingError) return {live: [], gone: [], missing: sessions}
  const ids = new Set(containers.map(({Id}) => Id))
  const live = sessions.filter(({beta}) => beta.host !== undefined && ids.has(beta.host))
  const names = new Set([tapNames(tap).project, ...containers.map(nameOf)].map(labelValue))
  // The tap's own sync tells what the container of another branch was called, and so which others were into it.
  if (allBranches) for (const {alpha, labels} of sessions) if (alpha.path === tap.folder) names.add(containerOf(labels))
  const others = sessions.filter((session) => !live.includes(session) && names.has(containerOf(session.labels)))
  const fates = await findContainerFates(others, {engine, environment})
  return {live, gone: others.filter((session) => fates.get(session) === 'gone'), missing: undefined}
}

/** Which syncs a change is about; none may be there only where nothing is changed. */
export function changing(
  sessions: readonly SyncSession[],
  {environment, questions, say, signal}: Omit<TapWork, 'engine'>,
  {dryRun, folder}: {readonly dryRun: boolean; readonly folder: string},
): ChangeOptions {
  return {targets: sessions.map(({id}) => id), all: false, folder, environment, dryRun, questions, say, signal}
}

/** All sessions that keg made; why Mutagen cannot be asked, where it is not there. */
export async function listOwnSessions(
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<SyncSession[] | MissingError> {
  try {
    const mutagen = await Mutagen.ifUsed(environment)
    return ((await mutagen?.list(signal)) ?? []).filter(isOwn)
  } catch (error) {
    if (error instanceof MissingError) return error
    throw error
  }
}

function containerOf(labels: SyncSession['labels']): string {
  return labels[SYNC_LABELS.containerName] ?? ''
}
