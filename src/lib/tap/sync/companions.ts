import type {ContainerDetails} from '../../engine/types.js'
import {pauseSyncs} from '../../sync/change/pause-syncs.js'
import {resumeSyncs} from '../../sync/change/resume-syncs.js'
import {findContainerFates} from '../../sync/container-fate.js'
import type {CreateSyncResult} from '../../sync/create/create-result.js'
import {Mutagen} from '../../sync/mutagen.js'
import {sessionText} from '../../sync/session-health.js'
import {isOwn, labelValue, SYNC_LABELS} from '../../sync/session-labels.js'
import type {SyncSession} from '../../sync/session.js'
import {nameOf} from '../../target/find-target.js'
import {printable} from '../../terminal/text.js'
import {findTapContainers} from '../containers/tap-containers.js'
import {changing} from '../containers/tap-syncs.js'
import {findDependency, knownDependencies, type Dependency} from './dependencies.js'
import {syncDependency} from './sync-dependency.js'
import type {TapSyncOptions} from './tap-sync-options.js'

/**
 * Brings the syncs beside a tap's own into line with it: those of dependencies into its container go on, are made anew where they
 * were into a container that this one took the place of, and stand still where they are into a container of another branch of
 * the folder. What fails thereby is told.
 */
export async function settleCompanions(own: CreateSyncResult, options: TapSyncOptions): Promise<void> {
  const {container, engine, environment, isFresh, opened, signal} = options
  const mutagen = await Mutagen.ifUsed(environment)
  const sessions = ((await mutagen?.list(signal)) ?? []).filter((session) => isOwn(session) && session.id !== own.id)
  if (sessions.length === 0) return
  const {all, main = container, services} = await findTapContainers(engine, opened.tap, {allBranches: true})
  const current = [main, ...services]
  await goOn(sessionsInto(sessions, current), options)
  await pauseOthers(
    sessions,
    all.filter((other) => current.every(({Id}) => Id !== other.Id)),
    options,
  )
  if (isFresh) await follow(sessions, options)
}

async function goOn(sessions: readonly SyncSession[], options: TapSyncOptions): Promise<void> {
  if (sessions.length === 0) return
  const {failure} = await resumeSyncs({...changingFor(sessions, options), force: options.force})
  if (failure !== undefined) options.say(`Warning: ${failure.message}`)
}

async function pauseOthers(
  sessions: readonly SyncSession[],
  others: readonly ContainerDetails[],
  options: TapSyncOptions,
): Promise<void> {
  const found = sessionsInto(sessions, others).filter(({isPaused}) => !isPaused)
  if (found.length === 0) return
  const {failure} = await pauseSyncs(changingFor(found, options))
  for (const session of found) options.say(`Paused the sync ${sessionText(session)}: it is of another branch.`)
  if (failure !== undefined) options.say(`Warning: ${failure.message}`)
}

function sessionsInto(sessions: readonly SyncSession[], containers: readonly ContainerDetails[]): SyncSession[] {
  const ids = new Set(containers.map(({Id}) => Id))
  return sessions.filter(({beta}) => beta.host !== undefined && ids.has(beta.host))
}

/** The syncs of dependencies that were into a container of that name, which is gone. */
async function follow(sessions: readonly SyncSession[], options: TapSyncOptions): Promise<void> {
  const {container, engine, environment, opened, say} = options
  const label = labelValue(nameOf(container))
  const named = sessions.filter(({beta, labels}) => {
    return labels[SYNC_LABELS.containerName] === label && beta.host !== container.Id
  })
  const fates = await findContainerFates(named, {engine, environment})
  const left = named.filter((session) => fates.get(session) === 'gone')
  if (left.length === 0) return
  const dependencies = await dependenciesOf(opened)
  for (const {alpha, beta, id, name} of left) {
    const dependency = dependencies.find(({local, remote}) => local === alpha.path && remote === beta.path)
    // It takes the place of the one that was.
    if (dependency !== undefined) await syncDependency(dependency, options)
    else
      say(
        `The sync ${printable(name ?? id)} was into a container that is gone. End it with: keg sync terminate ${printable(name ?? id)}`,
      )
  }
}

/** Those that can be found; what is wrong with others is told where they are named. */
async function dependenciesOf(opened: TapSyncOptions['opened']): Promise<Dependency[]> {
  const found = knownDependencies(opened).map((name) => findDependency(name, opened).catch(() => undefined))
  return (await Promise.all(found)).filter((dependency) => dependency !== undefined)
}

function changingFor(sessions: readonly SyncSession[], options: TapSyncOptions) {
  return changing(sessions, options, {dryRun: false, folder: options.opened.tap.folder})
}
