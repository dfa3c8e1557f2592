import type {Engine} from '../engine/engine.js'
import {EngineError} from '../engine/engine-error.js'
import type {ContainerRow} from '../engine/types.js'
import {printable} from '../terminal/text.js'
import {ownerText, readOwner, stateOf, type Owner} from './owner.js'
import {findPausedSyncs, resumePausedSyncs, type PausedSync} from './paused-syncs.js'
import {ATTACHED, HELPER, IMAGE_OWNER, LOCK, LOCK_PAUSES, LOCK_SESSIONS, OWNER, ROLE, RUN} from './temporary-labels.js'

/**
 * What a keg that is gone left in an engine: a container or syncs into one that it paused and did not let go on, a lock, a
 * container or an image of its own.
 */
export type Leftover = {
  /** As docker shows it. */
  readonly name: string
  /** Who left it. */
  readonly owner: Owner
} & (
  | {
      readonly kind: 'paused container'
      readonly id: string
      readonly lock: string
      /** Those into it that were paused too. */
      readonly syncs: readonly PausedSync[]
    }
  | {
      readonly kind: 'paused sync'
      /** Of the lock. */
      readonly id: string
      readonly container: string
      readonly syncs: readonly PausedSync[]
    }
  | {readonly kind: 'lock' | 'container' | 'image'; readonly id: string}
)

/**
 * Finds by their labels what dead kegs left. What a living one works with is none, nor what the labels of a stranger's
 * image claim: a container counts by labels that its image does not have, an image only without a name.
 */
export async function findLeftovers(engine: Engine, environment: NodeJS.ProcessEnv): Promise<Leftover[]> {
  const [containers, helperImages, packages] = await Promise.all([
    engine.containers({label: [OWNER]}),
    engine.images({label: [`${ROLE}=${HELPER}`, IMAGE_OWNER]}),
    engine.images({label: [`${ROLE}=package`, RUN]}),
  ])
  const ownContainers = await Promise.all(
    containers.map(async (row) => ((await hasOwnLabels(engine, row)) ? [row] : [])),
  )
  const found = await Promise.all(ownContainers.flat().map((row) => leftContainer(engine, row, environment)))
  const left = found.flatMap(({leftover}) => leftover ?? [])
  const ownerOfRun = new Map(found.flatMap(({owner, run}) => (owner === undefined ? [] : [[run, owner] as const])))
  for (const {Id, Labels, ...image} of helperImages) {
    const owner = deadOwner(Labels?.[IMAGE_OWNER])
    if (owner !== undefined && isNameless(image)) left.push({kind: 'image', id: Id, name: shortId(Id), owner})
  }
  // A package without a name is the half of a run that was cut off only where that run left its lock: others are older
  // packages whose name went to a newer one.
  for (const {Id, Labels, ...image} of packages) {
    const owner = ownerOfRun.get(Labels?.[RUN] ?? '')
    if (owner !== undefined && isNameless(image)) left.push({kind: 'image', id: Id, name: shortId(Id), owner})
  }
  return left.sort((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind))
}

/** What stands still because a keg that is gone paused it. */
export type PausedLeftover = Extract<Leftover, {kind: 'paused container' | 'paused sync'}>

/** Whether a leftover is something that stands still. */
export function isPausedLeftover(leftover: Leftover): leftover is PausedLeftover {
  return leftover.kind === 'paused container' || leftover.kind === 'paused sync'
}

/**
 * Containers, and syncs into some, that are still paused by a keg that is gone: one question to the engine where there are
 * none.
 */
export async function findPaused(engine: Engine, environment: NodeJS.ProcessEnv): Promise<PausedLeftover[]> {
  const locks = await engine.containers({label: [LOCK]})
  const found = await Promise.all(
    locks.map(async (row) => {
      const pauses = row.Labels?.[LOCK_PAUSES] === 'true' || row.Labels?.[LOCK_SESSIONS] !== undefined
      return pauses && (await hasOwnLabels(engine, row)) ? await leftContainer(engine, row, environment) : undefined
    }),
  )
  const paused = found.flatMap((each) => each?.leftover ?? []).filter(isPausedLeftover)
  // Several kegs may have died over one container.
  return paused.filter(({id}, index) => paused.findIndex((other) => other.id === id) === index)
}

/** What became of something that stands still, in a sentence. */
export function pausedStory(leftover: PausedLeftover): string {
  const {name, owner} = leftover
  const by = `a keg that is gone (${ownerText(owner)}) had paused it.`
  return leftover.kind === 'paused container'
    ? `${name} stands still: ${by}`
    : `The sync ${name} into ${leftover.container} stands still: ${by}`
}

/**
 * Frees or removes a leftover. What is gone already is no error.
 * @throws FailedError `mutagen-failed` for syncs that do not go on
 */
export async function removeLeftover(
  engine: Engine,
  leftover: Leftover,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  switch (leftover.kind) {
    case 'paused container':
      await letGoOn(engine, leftover.id)
      await resumePausedSyncs(leftover.syncs, environment)
      await engine.removeContainer(leftover.lock, {force: true})
      return
    case 'paused sync':
      await resumePausedSyncs(leftover.syncs, environment)
      await engine.removeContainer(leftover.id, {force: true})
      return
    case 'lock':
    case 'container':
      // Also of a package that was run: its anonymous volumes were made for it alone.
      await engine.removeContainer(leftover.id, {force: true, volumes: true})
      return
    case 'image':
      // Without force: one that somebody uses or has named meanwhile stays.
      await engine.removeImage(leftover.id)
  }
}

/** Containers before the images they were made from; what stands still before everything. */
const ORDER: readonly Leftover['kind'][] = ['paused container', 'paused sync', 'lock', 'container', 'image']

interface LeftContainer {
  readonly leftover?: Leftover
  /** The dead owner, and the run that it had. */
  readonly owner?: Owner
  readonly run: string
}

async function leftContainer(
  engine: Engine,
  row: ContainerRow,
  environment: NodeJS.ProcessEnv,
): Promise<LeftContainer> {
  const labels = row.Labels ?? {}
  const run = labels[RUN] ?? ''
  const owner = deadOwner(labels[OWNER])
  if (owner === undefined) return {run}
  const id = row.Id
  const name = nameOf(row)
  const locked = labels[LOCK]
  if (labels[ROLE] === HELPER && locked !== undefined) {
    const ids = labels[LOCK_SESSIONS]
    const pauses = labels[LOCK_PAUSES] === 'true'
    const held = pauses || ids !== undefined ? await engine.container(locked) : undefined
    // By its whole id: a label is only text, and a name in it would be anybody's container.
    if (held?.Id !== locked) return {owner, run, leftover: {kind: 'lock', id, name, owner}}
    const syncs = ids === undefined ? [] : await findPausedSyncs(ids, locked, environment)
    const container = printable(held.Name.replace(/^\//, ''))
    if (pauses && held.State.Paused)
      return {owner, run, leftover: {kind: 'paused container', id: locked, name: container, lock: id, syncs, owner}}
    if (syncs.length === 0) return {owner, run, leftover: {kind: 'lock', id, name, owner}}
    const names = syncs.map((sync) => sync.name).join(', ')
    return {owner, run, leftover: {kind: 'paused sync', id, name: names, container, syncs, owner}}
  }
  if (labels[ROLE] === HELPER) return {owner, run, leftover: {kind: 'container', id, name, owner}}
  // One of a package that was run: detached, it is to stay, unless it was never started.
  const isLeft = labels[ATTACHED] === 'true' || row.State === 'created'
  return isLeft ? {owner, run, leftover: {kind: 'container', id, name, owner}} : {run}
}

/** Whether a container has its owner from whoever made it, and not from its image. */
async function hasOwnLabels(engine: Engine, {ImageID, Labels}: ContainerRow): Promise<boolean> {
  const image = await engine.image(ImageID)
  const names = [OWNER, LOCK, LOCK_SESSIONS, ATTACHED].filter((name) => Labels?.[name] !== undefined)
  return names.every((name) => image?.Config?.Labels?.[name] === undefined)
}

function deadOwner(label: string | undefined): Owner | undefined {
  const owner = readOwner(label)
  return owner !== undefined && stateOf(owner) === 'dead' ? owner : undefined
}

interface Names {
  readonly RepoTags: readonly string[] | null
  readonly RepoDigests?: readonly string[] | null
}

/** Engines give `<none>:<none>` and `<none>@<none>`, null or an empty list for no name. */
function isNameless({RepoDigests, RepoTags}: Names): boolean {
  return [...(RepoTags ?? []), ...(RepoDigests ?? [])].every((name) => name.startsWith('<none>'))
}

async function letGoOn(engine: Engine, container: string): Promise<void> {
  try {
    await engine.unpauseContainer(container)
  } catch (error) {
    // Somebody was faster, or it is gone.
    if (!(error instanceof EngineError) || (await engine.container(container))?.State.Paused === true) throw error
  }
}

function nameOf({Id, Names}: ContainerRow): string {
  return printable(Names?.[0]?.replace(/^\//, '') ?? shortId(Id))
}

function shortId(id: string): string {
  return printable(id.replace(/^sha256:/, '').slice(0, 12))
}
