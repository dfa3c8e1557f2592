import {Engine} from '../../engine/engine.js'
import {EngineError} from '../../engine/engine-error.js'
import type {ContainerDetails} from '../../engine/types.js'
import {FailedError, type KegError} from '../../error/keg-error.js'
import {settleAll} from '../../package/settle.js'
import {removeUnusedNetwork} from '../../proxy/network.js'
import type {ChangedSync} from '../../sync/change/change-syncs.js'
import {terminateSyncs} from '../../sync/change/terminate-syncs.js'
import {nameOf} from '../../target/find-target.js'
import {printable} from '../../terminal/text.js'
import {startOrder} from '../containers/container-order.js'
import {doomedLines, doomedQuestion, findDoomed, isNothing, type DestroyWishes, type Doomed} from './doomed.js'
import {containerResult, type TapContainerResult} from './life-result.js'
import {locateTap, type LocatedTap} from '../containers/locate-tap.js'
import {bringOver} from './still-syncs.js'
import {stopSeconds} from './stop-seconds.js'
import type {LifeOptions, LifeReport} from './stop-tap.js'
import {changing} from '../containers/tap-syncs.js'

export interface DestroyTapOptions extends LifeOptions, DestroyWishes {}

/** What `keg tap destroy --json` prints; scripts can rely on these fields. */
export interface DestroyTapResult {
  readonly tap: string
  readonly folder: string
  readonly branch: string | null
  readonly containers: readonly TapContainerResult[]
  readonly syncs: readonly ChangedSync[]
  /** Names of what was removed, or would be with a dry run. */
  readonly networks: readonly string[]
  readonly volumes: readonly string[]
  readonly images: readonly string[]
}

/**
 * Takes away what was started for a tap, after asking: its syncs first, then its containers with their anonymous volumes, its
 * project's networks, and as wished its named volumes and images. All of it is found by labels, so that it works also where the
 * folder, Mutagen or a container is gone. Nothing that is somebody else's is touched, and no file of the folder.
 * @throws what locateTap does; UsageError `input-missing`, FailedError `cancelled`; the reason of the signal, once it was said
 * what is left
 */
export async function destroyTap(options: DestroyTapOptions): Promise<LifeReport<DestroyTapResult>> {
  const {dryRun, environment, questions, say, signal} = options
  const tap = await locateTap(options)
  await using engine = await Engine.connect(environment, signal)
  const work = {...options, engine}
  const doomed = await findDoomed(tap, options, work)
  tellWhatStays(tap, doomed, say)
  if (isNothing(doomed)) say(`There is nothing of the tap ${tap.name} here.`)
  else if (!dryRun) {
    say(['These are taken away:', ...doomedLines(doomed)].join('\n'))
    if (!(await questions.confirm(doomedQuestion(tap, doomed), {flag: '--yes'})))
      throw new FailedError('Nothing was taken away.', {code: 'cancelled', hint: 'With --yes keg does not ask.'})
  }
  const {containers, images, networks, syncs, volumes} = doomed
  if (!dryRun) await bringOver(syncs, {tap, containers}, work)
  const ended = await endSyncs(tap, doomed, options)
  const result = {
    tap: tap.name,
    folder: tap.folder,
    branch: tap.branch ?? null,
    containers: containers.map((container) => containerResult(container, dryRun ? 'planned' : 'removed')),
    syncs: ended.syncs,
  }
  if (dryRun) return {result: {...result, networks, volumes, images}, failure: ended.failure}
  const removed = await remove(engine, doomed, options)
  return {result: {...result, ...removed}, failure: ended.failure}
}

/** Nobody is asked again. */
async function endSyncs(
  {folder}: LocatedTap,
  {syncs}: Doomed,
  options: DestroyTapOptions,
): Promise<{readonly syncs: readonly ChangedSync[]; readonly failure: KegError | undefined}> {
  if (syncs.length === 0) return {syncs: [], failure: undefined}
  const questions = {...options.questions, confirm: () => Promise.resolve(true)}
  return terminateSyncs(changing(syncs, {...options, questions, say: () => undefined}, {...options, folder}))
}

type Removed = Pick<DestroyTapResult, 'images' | 'networks' | 'volumes'>

/** @throws the reason of the signal, once it was said what is left */
async function remove(engine: Engine, doomed: Doomed, options: DestroyTapOptions): Promise<Removed> {
  const {progress, say, signal} = options
  const left = new Set([
    ...doomed.containers.map((container) => `container ${nameOf(container)}`),
    ...doomed.networks.map((name) => `network ${name}`),
    ...doomed.volumes.map((name) => `volume ${name}`),
  ])
  const check = (): void => {
    if (signal.aborted) say(`Still there: ${printable([...left].join(', '))}. keg tap destroy takes them away.`)
    signal.throwIfAborted()
  }
  for (const list of startOrder(doomed.containers).reverse()) {
    check()
    await settleAll(
      list.map(async (container) => {
        const stage = `Removing ${printable(nameOf(container))}`
        progress({stage, state: 'running'})
        if (container.State.Running && outlives(container))
          await engine.stopContainer(container.Id, await stopSeconds(engine, container))
        await engine.removeContainer(container.Id, {force: true, volumes: true})
        progress({stage, state: 'done'})
        left.delete(`container ${nameOf(container)}`)
      }),
    )
  }
  const networks: string[] = []
  for (const name of doomed.networks) {
    check()
    if (await engine.removeNetwork(name)) networks.push(name)
    else say(`The network ${printable(name)} stays: something else is in it.`)
    left.delete(`network ${name}`)
  }
  for (const name of doomed.sharedNetworks) if (await removeUnusedNetwork(engine, name)) networks.push(name)
  const volumes: string[] = []
  for (const name of doomed.volumes) {
    check()
    if (await engine.removeVolume(name)) volumes.push(name)
    else say(`The volume ${printable(name)} stays: another container has it.`)
    left.delete(`volume ${name}`)
  }
  return {networks, volumes, images: await removeImages(engine, doomed.images, say)}
}

/** Whether something of it stays that its programs may be writing to, so that they get the time to end by themselves. */
function outlives({Mounts}: ContainerDetails): boolean {
  return Mounts.some(({Name, RW}) => RW && !/^[0-9a-f]{64}$/.test(Name ?? ''))
}

async function removeImages(
  engine: Engine,
  images: readonly string[],
  say: (line: string) => void,
): Promise<readonly string[]> {
  const removed: string[] = []
  for (const image of images) {
    try {
      await engine.removeImage(image)
      removed.push(image)
    } catch (error) {
      if (!(error instanceof EngineError) || error.status !== 409) throw error
      say(`The image ${printable(image)} stays: another container has it.`)
    }
  }
  return removed
}

function tellWhatStays({name}: LocatedTap, {sharedProjects, syncsProblem}: Doomed, say: (line: string) => void): void {
  if (syncsProblem !== undefined)
    say(`Warning: ${syncsProblem} The syncs of ${name} are not ended; once it is there: keg doctor --fix`)
  for (const project of sharedProjects)
    say(
      `Containers that keg did not start are in the compose project ${printable(project)}: its networks and volumes stay.`,
    )
}
