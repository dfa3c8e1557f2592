import {rowName} from '../../container/container-name.js'
import {EngineError} from '../../engine/engine-error.js'
import {withEngine, type EngineWork} from '../../engine/engine-work.js'
import type {ContainerRow, ImageRow} from '../../engine/types.js'
import {FailedError, RefusedError, UsageError} from '../../error/keg-error.js'
import {readPackageFacts} from '../../image/read-labels.js'
import {formatReference} from '../../reference/reference.js'
import {commandLine} from '../../terminal/command-line.js'
import {count, printable} from '../../terminal/text.js'
import type {Work} from '../../work/work.js'
import {localPackages, packageRows, partsOf} from '../list/local-packages.js'
import type {ListedPackage} from '../list/model.js'
import {isNamed, parsePackageName} from '../list/package-name.js'
import {requestedPackage} from '../requested-package.js'
import {oldPackages} from './choose-old.js'
import type {RemovedPackage} from './model.js'

export interface RemovePackagesOptions {
  /** As the user typed them; the user is asked if there are none. */
  readonly references: readonly string[]
  /** Only say what would be done. */
  readonly dryRun: boolean
}

/**
 * Removes names of packages from the engine, and with the last name of an image the image. Checks all of them first.
 * @throws UsageError `reference-invalid`, `input-missing`; FailedError `image-missing`, `not-a-package`; RefusedError `package-in-use`; what
 * the engine throws
 */
export async function removePackages(
  work: Work,
  {dryRun, references}: RemovePackagesOptions,
): Promise<readonly RemovedPackage[]> {
  const typed = references.length > 0 ? references : [undefined]
  const requested = await Promise.all(typed.map((text) => requestedPackage(work, text)))
  const names = [...new Set(requested.map(({reference}) => formatReference(reference)))]
  const withDocker = await withEngine(work)
  const found = localPackages(await packageRows(withDocker.engine))
  const wanted = await Promise.all(names.map((name) => find(withDocker, found, name)))
  const plans = await planRemoval(withDocker, wanted)
  const used = plans.find(({users}) => users.length > 0)
  if (used !== undefined) throw inUse(used)
  return removeAll(withDocker, plans, dryRun)
}

export interface PrunePackagesOptions {
  /** Only packages of this name, as for the list; undefined for all. */
  readonly name: string | undefined
  /** How many of each name are kept, the newest. */
  readonly keep: number | undefined
  readonly olderThanMilliseconds: number | undefined
  /** Only say what would be done. */
  readonly dryRun: boolean
}

/**
 * Removes the names of old packages from the engine, if the user says yes. What containers need is kept.
 * @throws UsageError `prune-unlimited` without a limit, `reference-invalid`, `input-missing`; FailedError `cancelled`; what the engine throws
 */
export async function prunePackages(
  work: Work,
  {dryRun, keep, name, olderThanMilliseconds}: PrunePackagesOptions,
): Promise<readonly RemovedPackage[]> {
  if (keep === undefined && olderThanMilliseconds === undefined)
    throw new UsageError('Nothing says which packages are to be removed.', {
      code: 'prune-unlimited',
      hint: 'Give --keep, such as --keep 3 for all but the newest three of each name, or --older-than, such as --older-than 30d.',
    })
  const wanted = name === undefined ? undefined : parsePackageName(name)
  const withDocker = await withEngine(work)
  const all = localPackages(await packageRows(withDocker.engine))
  const named = wanted === undefined ? all : all.filter(({reference}) => isNamed(wanted, reference))
  const plans = await planRemoval(withDocker, oldPackages(named, {keep, olderThanMilliseconds, now: new Date()}))
  const kept = plans.filter(({users}) => users.length > 0).map((plan) => resultOf(plan, 'kept'))
  for (const {containers, reference} of kept)
    work.notice(`${printable(reference)} is kept for ${containers.map((name) => printable(name)).join(', ')}.`)
  const removable = plans.filter(({users}) => users.length === 0)
  if (removable.length === 0) work.notice('There is nothing to remove.')
  else if (!dryRun) await confirm(work, removable)
  return [...kept, ...(await removeAll(withDocker, removable, dryRun))]
}

type NamedImage = Pick<ListedPackage, 'image' | 'reference'>

/** A name to be removed, and the containers that need it. */
interface Plan extends NamedImage {
  readonly users: readonly ContainerRow[]
  /** Ids of the images of a project's other services, which go with its last name. */
  readonly parts: readonly string[]
}

/** A name is needed if it is the last of an image that containers have. */
async function planRemoval(
  {engine}: Pick<EngineWork, 'engine'>,
  wanted: readonly NamedImage[],
): Promise<readonly Plan[]> {
  const [containers, images] = await Promise.all([engine.containers(), packageRows(engine)])
  const going = new Set(wanted.map(({reference}) => reference))
  return wanted.map(({image, reference}): Plan => {
    const isLast = !staysNamed(images, image, going)
    const parts = isLast ? partsOf(images, image).map(({Id}) => Id) : []
    const users = isLast ? containers.filter(({ImageID}) => ImageID === image || parts.includes(ImageID)) : []
    return {reference, image, users, parts}
  })
}

function staysNamed(images: readonly ImageRow[], image: string, going: ReadonlySet<string>): boolean {
  // A containerd store lists an image once for each name.
  return images.some(
    ({Id, RepoTags}) => Id === image && (RepoTags ?? []).some((tag) => !tag.includes('@') && !going.has(tag)),
  )
}

function resultOf({image, reference, users}: Plan, outcome: RemovedPackage['outcome']): RemovedPackage {
  return {reference, image, outcome, containers: users.map(rowName)}
}

async function removeAll(
  {engine, notice, signal}: EngineWork,
  plans: readonly Plan[],
  dryRun: boolean,
): Promise<readonly RemovedPackage[]> {
  if (dryRun) return plans.map((plan) => resultOf(plan, 'planned'))
  const removed: RemovedPackage[] = []
  for (const plan of plans) {
    signal.throwIfAborted()
    // While the question waited for its answer, a newer package may have got the name.
    const current = await engine.image(plan.reference)
    if (current !== undefined && current.Id !== plan.image) {
      notice(`${printable(plan.reference)} is kept: it is another image by now.`)
      removed.push(resultOf(plan, 'kept'))
      continue
    }
    try {
      await engine.removeImage(plan.reference)
      for (const part of plan.parts) await engine.removeImage(part, {force: true})
    } catch (error) {
      if (!(error instanceof EngineError) || error.status !== CONFLICT) throw error
      // A container may have been made from it meanwhile.
      const [used = plan] = await planRemoval({engine}, [plan])
      throw used.users.length > 0 ? inUse(used, error) : error
    }
    removed.push(resultOf(plan, 'removed'))
  }
  return removed
}

/** HTTP: Conflict. */
const CONFLICT = 409

async function find({engine}: EngineWork, found: readonly ListedPackage[], name: string): Promise<NamedImage> {
  const [named] = found.filter(({reference}) => reference === name)
  if (named !== undefined) return named
  const image = await engine.image(name)
  if (image !== undefined) {
    readPackageFacts(name, image.Config?.Labels)
    // Named by its digest, besides its tags.
    return {reference: name, image: image.Id}
  }
  throw new FailedError(`The engine has no package ${printable(name)}.`, {
    code: 'image-missing',
    hint: `See which there are with: ${commandLine`keg docker package list`}`,
  })
}

function inUse({reference, users}: Plan, cause?: EngineError): RefusedError {
  const containers = users.map(rowName)
  const isRunning = users.some(({State}) => RUNNING.includes(State))
  const remedy = isRunning ? commandLine`docker rm --force ${containers}` : commandLine`docker rm ${containers}`
  return new RefusedError(
    `${printable(reference)} is needed by ${containers.map((name) => printable(name)).join(', ')}: the engine has its image under no other name.`,
    {code: 'package-in-use', hint: `Remove what needs it first: ${remedy}`, data: {containers}, cause},
  )
}

/** States in which an engine removes a container only by force. */
const RUNNING: readonly string[] = ['running', 'paused', 'restarting']

async function confirm({notice, prompt}: Pick<Work, 'notice' | 'prompt'>, plans: readonly Plan[]): Promise<void> {
  for (const {reference} of plans) notice(`  ${printable(reference)}`)
  const question = `Remove ${plans.length === 1 ? 'this package' : `these ${count(plans.length, 'package')}`} from the engine?`
  if (await prompt.confirm(question, {flag: '--yes'})) return
  throw new FailedError('Nothing was changed.', {code: 'cancelled', hint: 'Use --yes to skip the question.'})
}
