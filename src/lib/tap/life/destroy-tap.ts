import {forgetContainer} from '../../container/container-state.js'
import {withEngine, type EngineWork} from '../../engine/engine-work.js'
import {EngineError} from '../../engine/engine-error.js'
import type {ContainerDetails} from '../../engine/types.js'
import {FailedError, type KegError} from '../../error/keg-error.js'
import {allSettledOrThrow} from '../../async/all-settled.js'
import {removeUnusedNetwork} from '../../proxy/network.js'
import type {ChangedSync} from '../../sync/change/change-syncs.js'
import {terminateSyncs} from '../../sync/change/terminate-syncs.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import {startOrder} from '../containers/container-order.js'
import {
  destroyPlanLines,
  destroyQuestion,
  lossLines,
  planDestroy,
  isNothing,
  keptVolumesText,
  type DestroyOptions,
  type DestroyPlan,
} from './destroy-plan.js'
import {containerResult, type TapContainerResult} from './life-result.js'
import {locateTap, type LocatedTap} from '../containers/locate-tap.js'
import {flushQuickly} from './pause-folder-syncs.js'
import {stopSeconds} from './stop-seconds.js'
import type {LifeOptions, LifeReport} from './stop-tap.js'
import {changing} from '../containers/tap-syncs.js'
import {nameOf, shownName} from '../../container/container-name.js'
import type {Work} from '../../work/work.js'

export interface DestroyTapOptions extends LifeOptions, DestroyOptions {}

/** What `keg tap destroy --json` prints; scripts can rely on these fields. */
export interface DestroyTapResult {
  /** Name of the tap. */
  readonly tap: string
  /** Its folder. */
  readonly folder: string
  /** The branch checked out there; null without git. */
  readonly branch: string | null
  /** Its containers, in the order of removal. */
  readonly containers: readonly TapContainerResult[]
  /** Their syncs. */
  readonly syncs: readonly ChangedSync[]
  /** Names of the removed ones, or with a dry run of those to remove. */
  readonly networks: readonly string[]
  /** Volumes, likewise. */
  readonly volumes: readonly string[]
  /** Images, likewise. */
  readonly images: readonly string[]
  /** Named volumes that stay, with their data. */
  readonly keptVolumes: readonly string[]
}

/**
 * Removes what was started for a tap, after asking: its syncs first, then its containers with their anonymous volumes, its
 * project's networks, and on request its named volumes and images. Finds all of it by label, so that it works even if the
 * folder, Mutagen or a container is missing. Leaves alone what is not the tap's, and all files of the folder.
 * @throws what locateTap does; UsageError `input-missing`, FailedError `cancelled`; the reason of the signal, after saying
 * what is left
 */
export async function destroyTap(surrounding: Work, options: DestroyTapOptions): Promise<LifeReport<DestroyTapResult>> {
  const {dryRun, name, volumes: isWithVolumes} = options
  const tap = await locateTap(surrounding, name)
  const work = await withEngine(surrounding)
  const {notice, prompt} = work
  const plan = await planDestroy(work, tap, options)
  noticeWhatStays(work, tap, plan, isWithVolumes)
  if (isNothing(plan)) notice(`There is nothing to remove of the tap ${tap.name} here.`)
  else if (dryRun) {
    const losses = lossLines(plan)
    if (losses.length > 0) notice(['These hold data that exists nowhere else:', ...losses].join('\n'))
  } else {
    notice(['These are removed:', ...destroyPlanLines(plan)].join('\n'))
    if (!(await prompt.confirm(destroyQuestion(tap, plan), {flag: '--yes'})))
      throw new FailedError('Nothing was removed.', {code: 'cancelled', hint: 'Use --yes to skip the question.'})
  }
  const {containers, images, networks, syncs, volumes} = plan
  if (!dryRun) await flushQuickly(work, syncs, containers)
  const ended = await endSyncs(work, plan, dryRun)
  const result = {
    tap: tap.name,
    folder: tap.folder,
    branch: tap.branch ?? null,
    containers: containers.map((container) => containerResult(container, dryRun ? 'planned' : 'removed')),
    syncs: ended.syncs,
    keptVolumes: plan.keptVolumes,
  }
  if (dryRun) return {result: {...result, networks, volumes, images}, failure: ended.failure}
  const removed = await remove(work, tap.name, plan)
  return {result: {...result, ...removed}, failure: ended.failure}
}

/** Does not ask again. */
async function endSyncs(
  work: Work,
  {syncs}: DestroyPlan,
  dryRun: boolean,
): Promise<{readonly syncs: readonly ChangedSync[]; readonly failure: KegError | undefined}> {
  if (syncs.length === 0) return {syncs: [], failure: undefined}
  const prompt = {...work.prompt, confirm: () => Promise.resolve(true)}
  const silently = {...work, prompt, notice: () => undefined, warn: () => undefined}
  return terminateSyncs(silently, changing(syncs, {dryRun}))
}

type Removed = Pick<DestroyTapResult, 'images' | 'networks' | 'volumes'>

/** @throws the reason of the signal, after saying what is left */
async function remove(work: EngineWork, tap: string, plan: DestroyPlan): Promise<Removed> {
  const {engine, environment, progress, notice, signal} = work
  const left = new Set([
    ...plan.containers.map((container) => `container ${nameOf(container)}`),
    ...plan.networks.map((name) => `network ${name}`),
    ...plan.volumes.map((name) => `volume ${name}`),
  ])
  const check = (): void => {
    if (signal.aborted)
      notice(
        `Not removed: ${printable([...left].join(', '))}. Remove them with: ${commandLine`keg tap destroy ${tap}`}`,
      )
    signal.throwIfAborted()
  }
  for (const list of startOrder(plan.containers).reverse()) {
    check()
    await allSettledOrThrow(
      list.map(async (container) => {
        const stage = `Removing ${shownName(container)}`
        progress({stage, state: 'running'})
        if (container.State.Running && outlives(container))
          await engine.stopContainer(container.Id, await stopSeconds(engine, container))
        await engine.removeContainer(container.Id, {force: true, volumes: true})
        await forgetContainer(container.Id, environment)
        progress({stage, state: 'done'})
        left.delete(`container ${nameOf(container)}`)
      }),
    )
  }
  const networks: string[] = []
  for (const name of plan.networks) {
    check()
    if (await engine.removeNetwork(name)) networks.push(name)
    else notice(`The network ${printable(name)} is kept: something else uses it.`)
    left.delete(`network ${name}`)
  }
  for (const name of plan.sharedNetworks) if (await removeUnusedNetwork(engine, name)) networks.push(name)
  const volumes: string[] = []
  for (const name of plan.volumes) {
    check()
    if (await engine.removeVolume(name)) volumes.push(name)
    else notice(`The volume ${printable(name)} is kept: another container uses it.`)
    left.delete(`volume ${name}`)
  }
  return {networks, volumes, images: await removeImages(work, plan.images)}
}

/** Whether data stays that its programs may be writing, so that they get time to end. */
function outlives({Mounts}: ContainerDetails): boolean {
  return Mounts.some(({Name, RW}) => RW && !/^[0-9a-f]{64}$/.test(Name ?? ''))
}

async function removeImages({engine, notice}: EngineWork, images: readonly string[]): Promise<readonly string[]> {
  const removed: string[] = []
  for (const image of images) {
    try {
      await engine.removeImage(image)
      removed.push(image)
    } catch (error) {
      if (!(error instanceof EngineError) || error.status !== 409) throw error
      notice(`The image ${printable(image)} is kept: another container uses it.`)
    }
  }
  return removed
}

function noticeWhatStays({notice, warn}: Work, {name}: LocatedTap, plan: DestroyPlan, isWithVolumes: boolean): void {
  const {sharedProjects, syncsProblem} = plan
  if (syncsProblem !== undefined)
    warn(
      `${syncsProblem} The syncs of ${name} were not ended. Once Mutagen works, end them with: ${commandLine`keg doctor --fix`}`,
    )
  const kept = keptVolumesText(plan, isWithVolumes)
  if (kept !== undefined) notice(kept)
  for (const project of sharedProjects)
    notice(
      `Containers that keg did not start are in the compose project ${printable(project)}: its networks and volumes are kept.`,
    )
}
