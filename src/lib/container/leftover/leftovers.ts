import type {Engine} from '../../engine/engine.js'
import {EngineError} from '../../engine/engine-error.js'
import type {ContainerRow} from '../../engine/types.js'
import {printable} from '../../terminal/text.js'
import {isOfThisUser, ownerText, readOwner, processOwnerState, type ProcessOwner} from '../../lock/process-owner.js'
import {readContainerState} from '../container-state.js'
import {findPausedSyncs, resumePausedSyncs, type PausedSync} from './paused-syncs.js'
import {
  ATTACHED,
  HELPER,
  IMAGE_OWNER,
  LOCK,
  LOCK_PAUSES,
  LOCK_SESSIONS,
  OWNER,
  ROLE,
  RUN,
} from '../../label/temporary-labels.js'
import {rowName, shownName} from '../container-name.js'

/**
 * What a dead keg left in an engine: a container, or syncs into one, that it paused and did not resume, a lock, or one of
 * its own containers or images.
 */
export type Leftover = {
  /** As docker shows it. */
  readonly name: string
  /** The keg that left it. */
  readonly owner: ProcessOwner
} & (
  | {
      readonly kind: 'paused container'
      readonly id: string
      readonly lock: string
      /** Syncs into it that were paused too. */
      readonly syncs: readonly PausedSync[]
    }
  | {
      readonly kind: 'paused sync'
      /** The id of the lock. */
      readonly id: string
      readonly container: string
      readonly syncs: readonly PausedSync[]
    }
  | {readonly kind: 'lock' | 'image'; readonly id: string}
  /** Keg's own, or one that ran a package. */
  | {readonly kind: 'container'; readonly id: string; readonly isPackage: boolean}
)

/**
 * Finds what dead kegs left, by label. Skips what a running keg uses, and does not trust labels of images: a container
 * counts by labels that its image does not have, an image only if it is untagged.
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
  // An untagged package was cut off only if its run left a lock: others lost their tag to a newer package.
  for (const {Id, Labels, ...image} of packages) {
    const owner = ownerOfRun.get(Labels?.[RUN] ?? '')
    if (owner !== undefined && isNameless(image)) left.push({kind: 'image', id: Id, name: shortId(Id), owner})
  }
  return left.sort((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind))
}

/** What a dead keg paused. */
export type PausedLeftover = Extract<Leftover, {kind: 'paused container' | 'paused sync'}>

/** Whether a leftover is paused. */
function isPausedLeftover(leftover: Leftover): leftover is PausedLeftover {
  return leftover.kind === 'paused container' || leftover.kind === 'paused sync'
}

/** Containers, and syncs into containers, that a dead keg left paused. Costs one request if there are none. */
export async function findPaused(engine: Engine, environment: NodeJS.ProcessEnv): Promise<PausedLeftover[]> {
  const locks = await engine.containers({label: [LOCK]})
  const found = await Promise.all(
    locks.map(async (row) => {
      const pauses = row.Labels?.[LOCK_PAUSES] === 'true' || row.Labels?.[LOCK_SESSIONS] !== undefined
      return pauses && (await hasOwnLabels(engine, row)) ? await leftContainer(engine, row, environment) : undefined
    }),
  )
  const paused = found.flatMap((each) => each?.leftover ?? []).filter(isPausedLeftover)
  // Several kegs may have died with the same container paused.
  return paused.filter(({id}, index) => paused.findIndex((other) => other.id === id) === index)
}

/** One sentence about something paused. */
export function describePaused(leftover: PausedLeftover): string {
  const {name, owner} = leftover
  const by = `a keg that no longer runs (${ownerText(owner)}) paused it.`
  return leftover.kind === 'paused container'
    ? `${name} is paused: ${by}`
    : `The sync ${name} into ${leftover.container} is paused: ${by}`
}

/**
 * Resumes or removes a leftover. A missing one is no error.
 * @throws FailedError `mutagen-failed` for syncs that cannot be resumed
 */
export async function removeLeftover(
  engine: Engine,
  leftover: Leftover,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  switch (leftover.kind) {
    case 'paused container':
      await unpause(engine, leftover.id)
      await resumePausedSyncs(leftover.syncs, environment)
      await engine.removeContainer(leftover.lock, {force: true})
      return
    case 'paused sync':
      await resumePausedSyncs(leftover.syncs, environment)
      await engine.removeContainer(leftover.id, {force: true})
      return
    case 'lock':
    case 'container':
      // Also for one that ran a package: its anonymous volumes were created only for it.
      await engine.removeContainer(leftover.id, {force: true, volumes: true})
      return
    case 'image':
      // Without force: an image that is now used or tagged stays.
      await engine.removeImage(leftover.id)
  }
}

/** Containers before their images; what is paused first. */
const ORDER: readonly Leftover['kind'][] = ['paused container', 'paused sync', 'lock', 'container', 'image']

interface LeftContainer {
  readonly leftover?: Leftover
  /** The dead owner and its run. */
  readonly owner?: ProcessOwner
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
  const name = printable(rowName(row))
  const locked = labels[LOCK]
  if (labels[ROLE] === HELPER && locked !== undefined) {
    const ids = labels[LOCK_SESSIONS]
    const pauses = labels[LOCK_PAUSES] === 'true'
    const held = pauses || ids !== undefined ? await engine.container(locked) : undefined
    // Only by full id: a label is just text, and a name in it could be any container.
    if (held?.Id !== locked) return {owner, run, leftover: {kind: 'lock', id, name, owner}}
    const syncs = ids === undefined ? [] : await findPausedSyncs(ids, locked, environment)
    const container = shownName(held)
    if (pauses && held.State.Paused)
      return {owner, run, leftover: {kind: 'paused container', id: locked, name: container, lock: id, syncs, owner}}
    if (syncs.length === 0) return {owner, run, leftover: {kind: 'lock', id, name, owner}}
    const names = syncs.map((sync) => sync.name).join(', ')
    return {owner, run, leftover: {kind: 'paused sync', id, name: names, container, syncs, owner}}
  }
  if (labels[ROLE] === HELPER) return {owner, run, leftover: {kind: 'container', id, name, owner, isPackage: false}}
  // One that ran a package: a detached one stays, unless it was never started.
  const isLeft =
    row.State === 'created' || (labels[ATTACHED] === 'true' && (await shouldBeRemoved(id, owner, environment)))
  return isLeft ? {owner, run, leftover: {kind: 'container', id, name, owner, isPackage: true}} : {run}
}

/**
 * Whether a container should have been removed with the keg that followed it. If it was kept because it failed, that is in
 * the state of the user who kept it; the state of other users and machines is unknown here.
 */
async function shouldBeRemoved(id: string, owner: ProcessOwner, environment: NodeJS.ProcessEnv): Promise<boolean> {
  return isOfThisUser(owner) && (await readContainerState(id, environment))?.kept !== true
}

/** Whether a container's owner label is its own, not its image's. */
async function hasOwnLabels(engine: Engine, {ImageID, Labels}: ContainerRow): Promise<boolean> {
  const image = await engine.image(ImageID)
  const names = [OWNER, LOCK, LOCK_SESSIONS, ATTACHED].filter((name) => Labels?.[name] !== undefined)
  return names.every((name) => image?.Config?.Labels?.[name] === undefined)
}

function deadOwner(label: string | undefined): ProcessOwner | undefined {
  const owner = readOwner(label)
  return owner !== undefined && processOwnerState(owner) === 'dead' ? owner : undefined
}

interface Names {
  readonly RepoTags: readonly string[] | null
  readonly RepoDigests?: readonly string[] | null
}

/** Engines report no name as `<none>:<none>` and `<none>@<none>`, null or an empty list. */
function isNameless({RepoDigests, RepoTags}: Names): boolean {
  return [...(RepoTags ?? []), ...(RepoDigests ?? [])].every((name) => name.startsWith('<none>'))
}

async function unpause(engine: Engine, container: string): Promise<void> {
  try {
    await engine.unpauseContainer(container)
  } catch (error) {
    // Somebody else was faster, or it is gone.
    if (!(error instanceof EngineError) || (await engine.container(container))?.State.Paused === true) throw error
  }
}

function shortId(id: string): string {
  return printable(id.replace(/^sha256:/, '').slice(0, 12))
}
