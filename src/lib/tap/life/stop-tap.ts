import {Engine} from '../../engine/engine.js'
import type {ContainerDetails} from '../../engine/types.js'
import type {KegError} from '../../error/keg-error.js'
import {settleAll} from '../../package/settle.js'
import type {ChangedSync} from '../../sync/change/change-syncs.js'
import {nameOf} from '../../target/find-target.js'
import type {ProgressListener} from '../../terminal/progress.js'
import {printable} from '../../terminal/text.js'
import {startOrder} from '../containers/container-order.js'
import {containerResult, type TapContainerResult} from './life-result.js'
import {locateTap} from '../containers/locate-tap.js'
import {standStill} from './still-syncs.js'
import {stopSeconds} from './stop-seconds.js'
import {findTapContainers} from '../containers/tap-containers.js'
import type {TapWork} from '../containers/tap-syncs.js'

/** Which tap's containers are meant, and how much keg may do by itself. */
export interface LifeOptions extends Omit<TapWork, 'engine'> {
  /** The name of a link; undefined for the tap that the folder is in. */
  readonly name: string | undefined
  /** The current folder. */
  readonly folder: string
  /** Only say what would be done. */
  readonly dryRun: boolean
  readonly progress: ProgressListener
}

export interface StopTapOptions extends LifeOptions {
  /** The containers of all branches of the folder; those of other folders, other worktrees included, are their own. */
  readonly all: boolean
}

/** What `keg tap stop --json` prints; scripts can rely on these fields. */
export interface StopTapResult {
  readonly tap: string
  readonly folder: string
  readonly branch: string | null
  readonly containers: readonly TapContainerResult[]
  readonly syncs: readonly ChangedSync[]
}

/** What became of a tap, and the error to throw once that is shown. */
export interface LifeReport<T> {
  readonly result: T
  readonly failure: KegError | undefined
}

/**
 * Stops a tap: what was just edited is brought over, as far as that is quickly done, the syncs into its containers are paused, and
 * all its containers stopped, those first that wait for others. Nothing is removed.
 * @throws what locateTap does; the reason of the signal, once it was said what still runs
 */
export async function stopTap(options: StopTapOptions): Promise<LifeReport<StopTapResult>> {
  const {all, dryRun, environment, say, signal} = options
  const tap = await locateTap(options)
  await using engine = await Engine.connect(environment, signal)
  const {all: containers} = await findTapContainers(engine, tap, {allBranches: all || tap.isGone})
  const running = containers.filter(({State}) => State.Running)
  const {failure, syncs} = await standStill(containers, tap, {...options, engine, flushes: true})
  const stopped = dryRun ? running : await stopInOrder(engine, running, options)
  const results = containers.map((container) =>
    containerResult(container, !stopped.includes(container) ? 'unchanged' : dryRun ? 'planned' : 'stopped'),
  )
  if (containers.length === 0) say(`The tap ${tap.name} has no container here.`)
  return {
    result: {tap: tap.name, folder: tap.folder, branch: tap.branch ?? null, containers: results, syncs},
    failure,
  }
}

/** @returns those that were stopped. @throws the reason of the signal, once it was said what still runs */
async function stopInOrder(
  engine: Engine,
  containers: readonly ContainerDetails[],
  {progress, say, signal}: LifeOptions,
): Promise<readonly ContainerDetails[]> {
  const stopped: ContainerDetails[] = []
  for (const list of startOrder(containers).reverse()) {
    if (signal.aborted) {
      const left = containers.filter((container) => !stopped.includes(container)).map(nameOf)
      say(`Still running: ${printable(left.join(', '))}. They are stopped by: keg tap stop`)
      signal.throwIfAborted()
    }
    await settleAll(
      list.map(async (container) => {
        const stage = `Stopping ${printable(nameOf(container))}`
        progress({stage, state: 'running'})
        await engine.stopContainer(container.Id, await stopSeconds(engine, container))
        progress({stage, state: 'done'})
        stopped.push(container)
      }),
    )
  }
  return stopped
}
