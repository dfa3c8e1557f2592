import type {ContainerDetails} from '../../engine/types.js'
import {pauseSyncs} from '../../sync/change/pause-syncs.js'
import {resumeSyncs} from '../../sync/change/resume-syncs.js'
import {findSyncContainerStates} from '../../mutagen/container-state.js'
import type {CreateSyncResult} from '../../sync/create/create-result.js'
import {Mutagen} from '../../mutagen/mutagen.js'
import {sessionIds} from '../../mutagen/mutagen-folder.js'
import {sessionText} from '../../mutagen/session-health.js'
import {isManaged, labelValue, SYNC_LABELS} from '../../mutagen/session-labels.js'
import type {SyncSession} from '../../mutagen/session.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import {findTapContainers} from '../../container/tap/tap-containers.js'
import {changing} from '../containers/tap-syncs.js'
import {findDependency, knownDependencies, type Dependency} from './dependencies.js'
import {syncDependency} from './sync-dependency.js'
import type {TapSyncOptions} from './tap-sync-options.js'
import {nameOf} from '../../container/container-name.js'
import type {EngineWork} from '../../engine/engine-work.js'

/**
 * Aligns a tap's dependency syncs with its own sync: resumes those into its container, recreates those into the container
 * that it replaced, and pauses those into a container of another branch of the folder. Failures are warnings.
 */
export async function alignDependencySyncs(
  work: EngineWork,
  own: CreateSyncResult,
  options: TapSyncOptions,
): Promise<void> {
  const {engine, environment, signal} = work
  const {container, force, isFresh, opened} = options
  // Most taps have no other sync: then Mutagen need not be asked.
  if ((await sessionIds(environment)).every((id) => id === own.id)) return
  const mutagen = await Mutagen.ifUsed(environment)
  const sessions = ((await mutagen?.list(signal)) ?? []).filter(
    (session) => isManaged(session) && session.id !== own.id,
  )
  if (sessions.length === 0) return
  const {all, main = container, services} = await findTapContainers(engine, opened.tap, {allBranches: true})
  const current = [main, ...services]
  await resumeAll(work, sessionsInto(sessions, current), force)
  await pauseOthers(
    work,
    sessions,
    all.filter((other) => current.every(({Id}) => Id !== other.Id)),
  )
  if (isFresh) await follow(work, sessions, options)
}

async function resumeAll(work: EngineWork, sessions: readonly SyncSession[], force: boolean): Promise<void> {
  if (sessions.length === 0) return
  const {failure} = await resumeSyncs(work, {...changing(sessions, {dryRun: false}), force})
  if (failure !== undefined) work.warn(failure.message)
}

async function pauseOthers(
  work: EngineWork,
  sessions: readonly SyncSession[],
  others: readonly ContainerDetails[],
): Promise<void> {
  const found = sessionsInto(sessions, others).filter(({isPaused}) => !isPaused)
  if (found.length === 0) return
  const {failure} = await pauseSyncs(work, changing(found, {dryRun: false}))
  for (const session of found) work.notice(`Paused the sync ${sessionText(session)}: it is of another branch.`)
  if (failure !== undefined) work.warn(failure.message)
}

function sessionsInto(sessions: readonly SyncSession[], containers: readonly ContainerDetails[]): SyncSession[] {
  const ids = new Set(containers.map(({Id}) => Id))
  return sessions.filter(({beta}) => beta.host !== undefined && ids.has(beta.host))
}

/** Recreates the syncs of dependencies into a container of that name that is gone. */
async function follow(work: EngineWork, sessions: readonly SyncSession[], options: TapSyncOptions): Promise<void> {
  const {container, opened} = options
  const label = labelValue(nameOf(container))
  const named = sessions.filter(({beta, labels}) => {
    return labels[SYNC_LABELS.containerName] === label && beta.host !== container.Id
  })
  const fates = await findSyncContainerStates(named, work)
  const left = named.filter((session) => fates.get(session) === 'gone')
  if (left.length === 0) return
  const dependencies = await dependenciesOf(opened)
  for (const {alpha, beta, id, name} of left) {
    const dependency = dependencies.find(({local, remote}) => local === alpha.path && remote === beta.path)
    // It replaces the old one.
    if (dependency !== undefined) await syncDependency(work, dependency, options)
    else
      work.notice(
        `The sync ${printable(name ?? id)} was for a container that is gone. End it with: ${commandLine`keg sync terminate ${name ?? id}`}`,
      )
  }
}

/** Those that can be found; an invalid one is reported when it is used. */
async function dependenciesOf(opened: TapSyncOptions['opened']): Promise<Dependency[]> {
  const found = knownDependencies(opened).map((name) => findDependency(name, opened).catch(() => undefined))
  return (await Promise.all(found)).filter((dependency) => dependency !== undefined)
}
