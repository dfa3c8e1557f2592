import {withEngine, type EngineWork} from '../../engine/engine-work.js'
import type {ContainerDetails} from '../../engine/types.js'
import type {KegError} from '../../error/keg-error.js'
import {allSettledOrThrow} from '../../async/all-settled.js'
import type {ChangedSync} from '../../sync/change/change-syncs.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import {startOrder} from '../containers/container-order.js'
import {confirmStop} from './confirm-stop.js'
import {containerResult, type TapContainerResult} from './life-result.js'
import {locateTap} from '../containers/locate-tap.js'
import {pauseFolderSyncs} from './pause-folder-syncs.js'
import {stopSeconds} from './stop-seconds.js'
import {findTapContainers} from '../../container/tap/tap-containers.js'
import type {Work} from '../../work/work.js'
import {nameOf, shownName} from '../../container/container-name.js'

/** Which containers of a tap to change. */
export interface LifeOptions {
  /** The name of a link; undefined for the tap that the folder is in. */
  readonly name: string | undefined
  /** Only say what would be done. */
  readonly dryRun: boolean
}

export interface StopTapOptions extends LifeOptions {
  /** The containers of all branches of the folder; never those of other folders, including other worktrees. */
  readonly all: boolean
}

/** What `keg tap stop --json` prints; scripts can rely on these fields. */
export interface StopTapResult {
  /** Name of the tap. */
  readonly tap: string
  /** Its folder. */
  readonly folder: string
  /** The branch checked out there; null without git. */
  readonly branch: string | null
  /** Its containers, in the order of stopping. */
  readonly containers: readonly TapContainerResult[]
  /** Their syncs. */
  readonly syncs: readonly ChangedSync[]
}

/** The result for a tap, and the error to throw after it is shown. */
export interface LifeReport<T> {
  readonly result: T
  readonly failure: KegError | undefined
}

/**
 * Stops a tap: flushes recent edits, if that is quick, pauses the syncs into its containers, and stops all its containers in
 * reverse dependency order. Removes nothing; asks if a container has data in memory.
 * @throws what locateTap and confirmStop do; the reason of the signal, after saying what still runs
 */
export async function stopTap(surrounding: Work, options: StopTapOptions): Promise<LifeReport<StopTapResult>> {
  const {all, dryRun, name} = options
  const tap = await locateTap(surrounding, name)
  const work = await withEngine(surrounding)
  const {engine, notice} = work
  const {all: containers} = await findTapContainers(engine, tap, {allBranches: all || tap.isGone})
  const running = containers.filter(({State}) => State.Running)
  await confirmStop(work, {containers: running, dryRun, tap: tap.name})
  const {failure, syncs} = await pauseFolderSyncs(work, {containers, tap, dryRun, flushes: true})
  const stopped = dryRun ? running : await stopInOrder(work, tap, running)
  const results = containers.map((container) =>
    containerResult(container, !stopped.includes(container) ? 'unchanged' : dryRun ? 'planned' : 'stopped'),
  )
  if (containers.length === 0) notice(`The tap ${tap.name} has no container here.`)
  return {
    result: {tap: tap.name, folder: tap.folder, branch: tap.branch ?? null, containers: results, syncs},
    failure,
  }
}

/** @returns the stopped ones. @throws the reason of the signal, after saying what still runs */
async function stopInOrder(
  {engine, notice, progress, signal}: EngineWork,
  tap: {readonly name: string},
  containers: readonly ContainerDetails[],
): Promise<readonly ContainerDetails[]> {
  const stopped: ContainerDetails[] = []
  for (const list of startOrder(containers).reverse()) {
    if (signal.aborted) {
      const left = containers.filter((container) => !stopped.includes(container)).map(nameOf)
      notice(`Still running: ${printable(left.join(', '))}. Stop them with: ${commandLine`keg tap stop ${tap.name}`}`)
      signal.throwIfAborted()
    }
    await allSettledOrThrow(
      list.map(async (container) => {
        const stage = `Stopping ${shownName(container)}`
        progress({stage, state: 'running'})
        await engine.stopContainer(container.Id, await stopSeconds(engine, container))
        progress({stage, state: 'done'})
        stopped.push(container)
      }),
    )
  }
  return stopped
}
