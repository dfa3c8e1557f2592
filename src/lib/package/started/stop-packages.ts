import {rowName} from '../../container/container-name.js'
import {removeCompletely} from '../../container/discard.js'
import {withEngine, type EngineWork} from '../../engine/engine-work.js'
import {count, printable} from '../../terminal/text.js'
import type {Work} from '../../work/work.js'
import {removeResources, STOP_SECONDS} from '../run-project/remove-resources.js'
import {chooseStarted} from './choose-started.js'
import type {StoppedPackage} from './model.js'
import {startedPackages, type StartedPackage} from './started-packages.js'

export interface StopPackagesOptions {
  /** Names of containers and compose projects; the user is asked if there are none. */
  readonly names: readonly string[]
  /** Only say what would be done. */
  readonly dryRun: boolean
}

/**
 * Stops what `package run` started, and removes it: containers, and the networks and volumes of compose projects. Finds all of them
 * first.
 * @throws UsageError `input-missing`, `nothing-started`; FailedError `not-started`; what the engine throws
 */
export async function stopPackages(
  work: Work,
  {dryRun, names}: StopPackagesOptions,
): Promise<readonly StoppedPackage[]> {
  const withDocker = await withEngine(work)
  const {engine, signal} = withDocker
  const started = await startedPackages(engine)
  const wanted = await chooseStarted(work, started, {
    names,
    question: 'Which package is to be stopped and removed?',
  })
  const results: StoppedPackage[] = []
  for (const each of wanted) {
    signal.throwIfAborted()
    results.push(await stop(withDocker, each, dryRun))
  }
  return results
}

async function stop(
  {engine}: Pick<EngineWork, 'engine'>,
  {containers, filters, name}: StartedPackage,
  dryRun: boolean,
): Promise<StoppedPackage> {
  const [networks, volumes] =
    filters === undefined ? [[], []] : await Promise.all([engine.networks(filters), engine.volumes(filters)])
  const result = {
    name,
    containers: containers.map(rowName).sort(),
    networks: networks.map(({Name}) => Name).sort(),
    volumes: volumes.map(({Name}) => Name).sort(),
  }
  if (dryRun) return {...result, outcome: 'planned'}
  if (filters !== undefined) await removeResources(engine, filters)
  else
    for (const {Id, State} of containers) {
      if (State === 'running') await engine.stopContainer(Id, STOP_SECONDS)
      await removeCompletely(engine, Id)
    }
  return {...result, outcome: 'removed'}
}

/** The text for people. */
export function stoppedText(stopped: readonly StoppedPackage[], {quiet}: {readonly quiet: boolean}): string {
  const lines = stopped.map(({containers, name, outcome, volumes}) => {
    if (quiet) return name
    const parts = [
      count(containers.length, 'container'),
      ...(volumes.length > 0 ? [count(volumes.length, 'volume')] : []),
    ]
    const what = outcome === 'planned' ? 'Would stop and remove' : 'Stopped and removed'
    return `${what} ${name}: ${parts.join(', ')}`
  })
  return lines.map((line) => printable(line)).join('\n')
}
