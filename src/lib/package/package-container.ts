import {randomUUID} from 'node:crypto'
import type {Questions} from '../command/ask.js'
import {Engine} from '../engine/engine.js'
import type {ContainerDetails, ImageDetails} from '../engine/types.js'
import {FailedError, KegError} from '../error/keg-error.js'
import {offerToFree} from '../maintenance/offer-to-free.js'
import {isDigest} from '../reference/reference.js'
import {nameOf} from '../target/find-target.js'
import {ContainerSyncs} from '../sync/barrier/barrier.js'
import type {ProgressListener} from '../terminal/progress.js'
import {formatBytes, printable} from '../terminal/text.js'
import {removeAbandonedVolumes} from './capture/abandoned-volumes.js'
import {Capture} from './capture/capture.js'
import {ContainerLock} from './capture/container-lock.js'
import {Cleanup} from './cleanup.js'
import {HelperImage} from './capture/helper-image.js'
import {prepareTraces} from './capture/prepare-traces.js'
import {findTraces} from './capture/sync-traces.js'
import {addedEnvironment} from './image/image-config.js'
import type {PackageFacts} from './image/labels.js'
import {measureMounts, type MountSize} from './mount/measure-mounts.js'
import {selectMounts, type MountWishes, type SelectedMount} from './mount/mount-selection.js'
import {findSubject, type Subject, type SubjectOptions} from './target/find-subject.js'
import {packageResult, type PackagedMount, type PackagePlan, type PackageResult} from './package-result.js'
import {publish} from './publish.js'
import type {Verification} from './verify/verification.js'
import {verifyWritten} from './verify/verify-written.js'
import {writePackage, type WrittenPackage} from './write-package.js'

/** What to package, and how. */
export interface PackageOptions extends SubjectOptions {
  readonly mounts: MountWishes
  readonly message: string | undefined
  readonly author: string | undefined
  /** Whether the image is read back and compared with what was recorded, before it gets its names. */
  readonly verify: boolean
  /** Takes a line for the person at the terminal. */
  readonly say: (line: string) => void
  /** Called with what is going to be packaged, before the container is paused. */
  readonly onPlan: (plan: PackagePlan) => void
  readonly progress: ProgressListener
}

/** Engines keep no more layers in an image than this (moby, layer/layer_store.go, maxLayerDepth). */
const MOST_LAYERS = 125

/** Above this many bytes of mounts keg asks. */
const MUCH = 1_000_000_000

/**
 * Packages a container: finds it, decides about its mounts, has the syncs into it bring over all that there is, holds it still
 * while its own layer and its mounts are read, writes the image, checks it if that is wanted, gives it its names and pushes it.
 * Nothing temporary is left, and all that was paused goes on, however it ends.
 * @throws the errors of its parts, RefusedError `sync-unclean` and `verification-failed` among them; FailedError `layers-too-many`, and
 * `cancelled` when the user says no.
 */
export async function packageContainer(options: PackageOptions): Promise<PackageResult> {
  const {environment, progress, signal} = options
  await using engine = await Engine.connect(environment)
  if (!options.dryRun) await offerToFree({engine, environment, questions: options.questions, say: options.say})
  const {base, container, destinations, project, push, ...subject} = await findSubject(engine, options)
  signal.throwIfAborted()
  const {say} = options
  const warnings: string[] = []
  const warn = (text: string): void => {
    warnings.push(text)
    say(`Warning: ${text}`)
  }
  for (const text of subject.warnings) warn(text)
  const mayStartDaemon = !options.dryRun
  const findingSyncs = ContainerSyncs.find({engine, container, environment, mayStartDaemon, warn, signal})
  // Whoever awaits it hears of its failure; much is done meanwhile.
  findingSyncs.catch(() => undefined)
  const findingTraces = findTraces(engine, container, signal)
  findingTraces.catch(() => undefined)

  const run = randomUUID()
  await using cleanup = new Cleanup()
  cleanup.add(() => removeAbandonedVolumes(engine, container))
  const emptyImage = cleanup.use(await HelperImage.create({engine, like: base, run, signal}))
  const selected = await selectAll({engine, container, project, run, cleanup, emptyImage, options})
  const included = selected.flatMap(({destination, reader, type}) => (reader ? [{destination, reader, type}] : []))
  checkLayerCount(container, base, included.length)
  signal.throwIfAborted()

  const enoughBytes = options.dryRun ? Infinity : MUCH
  const sizes = await measureMounts({mounts: included, enoughBytes, progress, signal})
  const mountBytes = sizes.reduce((sum, {bytes}) => sum + bytes, 0)
  const sizeOf = new Map(included.map(({destination}, index) => [destination, sizes[index]]))
  const syncs = await findingSyncs
  const earlyTraces = await findingTraces
  const layers = checkLayerCount(container, base, included.length, earlyTraces.length > 0)
  const plan: PackagePlan = {
    container: nameOf(container),
    destinations,
    project,
    mounts: selected.map((mount) => plannedMount(mount, sizeOf.get(mount.destination))),
    measured: sizes.every(({whole}) => whole),
    addedEnvironment: addedEnvironment(container, base),
    push,
    syncs: syncs.planned,
  }
  options.onPlan(plan)
  if (options.dryRun) {
    const own = (await engine.container(container.Id, {size: true}))?.SizeRw ?? 0
    const entries = sizes.reduce((sum, size) => sum + size.entries, 0)
    return packageResult(plan, {layers, bytes: own + mountBytes, entries, pausedMilliseconds: 0, warnings})
  }
  if (mountBytes > MUCH) await confirmSize(plan, options.questions)
  signal.throwIfAborted()

  const locking = {engine, container, image: emptyImage.id, run, sessions: () => syncs.toPause(signal), say, signal}
  const lock = cleanup.use(await ContainerLock.take(locking))
  // They go on before the lock is gone, by which the next keg would know of them.
  cleanup.use(syncs)
  await syncs.settle({progress, signal})
  const traces = await prepareTraces({engine, container, base, run, syncs, early: earlyTraces, signal})
  checkLayerCount(container, base, included.length, traces.paths.length > 0)
  const recordsOwnFiles = options.verify
  const taking = {
    engine,
    container,
    mounts: included,
    run,
    recordsOwnFiles,
    traces: traces.toEmpty,
    expectedBytes: mountBytes,
    progress,
    signal,
  }
  const capture = cleanup.use(await Capture.take(taking))
  // Meanwhile the image is written. The next keg may read the container once the syncs go on.
  const lettingGo = syncs.resume().then(() => lock.release())
  lettingGo.catch(() => undefined)
  const name = printable(nameOf(container))
  if (traces.toLeave.length > 0)
    warn(`A sync that keg could not pause is at work in ${name}. ${onlyHidden(traces.toLeave)}`)
  if (capture.unemptied.length > 0)
    warn(`The engine does not empty what a sync made for itself in ${name}. ${onlyHidden(capture.unemptied)}`)
  const facts = {...factsOf({options, project, destinations, container, base, run}), synced: syncs.synced}
  const mayHaveTraces = (destination: string): boolean =>
    syncs.isBlind || syncs.sessions.length > 0 || sizeOf.get(destination)?.mayHaveTraces === true
  const written = await writePackage({
    engine,
    container,
    base,
    capture,
    mounts: included.map((mount) => ({...mount, mayHaveTraces: mayHaveTraces(mount.destination)})),
    traces: traces.paths,
    facts,
    run,
    progress,
    signal,
  })
  const verification = await verify({engine, base, capture, written, progress, signal})
  const digests = await publish({engine, image: written.image, destinations, push, environment, progress, signal})
  const mounts = plan.mounts.map((mount) => ({...mount, bytes: written.bytesOf.get(mount.destination) ?? mount.bytes}))
  const {pausedMilliseconds} = capture
  const layersWritten = written.layers.length
  await lettingGo
  // The package is there: what cannot be taken away any more takes nothing from it.
  await cleanup[Symbol.asyncDispose]().catch((problem: unknown) => options.say(leftText(problem)))
  return packageResult(
    {...plan, mounts},
    {...written, layers: layersWritten, digests, pausedMilliseconds, synced: syncs.synced, warnings, verification},
  )
}

function onlyHidden(paths: readonly string[]): string {
  const list = paths.map((path) => printable(path)).join(', ')
  return `Its files (${list}) are hidden in the package, but the bytes of them are in a layer.`
}

function leftText(problem: unknown): string {
  const reason = problem instanceof KegError ? ` (${problem.message})` : ''
  return `Warning: Something temporary is left${reason}; it is taken away by: keg doctor --fix`
}

interface VerifyOptions extends Pick<PackageOptions, 'progress' | 'signal'> {
  readonly engine: Engine
  readonly base: ImageDetails
  readonly capture: Capture
  readonly written: WrittenPackage
}

/** Checks the image against what was recorded, where that was wanted; one that is not right is removed at once. */
async function verify({capture, written, ...options}: VerifyOptions): Promise<Verification | undefined> {
  const {engine} = options
  const {image, layers} = written
  if (capture.ownRecord === undefined) return undefined
  try {
    return await verifyWritten({...options, image, layers, record: capture.ownRecord})
  } catch (error) {
    await engine.removeImage(image, {force: true})
    throw error
  }
}

interface SelectAllOptions extends Pick<Subject, 'container' | 'project'> {
  readonly engine: Engine
  readonly emptyImage: HelperImage
  readonly run: string
  readonly cleanup: Cleanup
  readonly options: PackageOptions
}

async function selectAll(from: SelectAllOptions): Promise<SelectedMount[]> {
  const {cleanup, container, emptyImage, engine, options, project, run} = from
  const surroundings = {folder: project.repository?.folder ?? project.folder, home: options.environment.HOME}
  return selectMounts({
    engine,
    container,
    wishes: options.mounts,
    surroundings,
    emptyImage: emptyImage.id,
    run,
    cleanup,
  })
}

function plannedMount({destination, leftOut, type}: SelectedMount, size: MountSize | undefined): PackagedMount {
  return {
    destination,
    type,
    bytes: size?.bytes ?? null,
    included: leftOut === undefined,
    reason: leftOut?.reason ?? null,
    flag: leftOut?.flag ?? null,
  }
}

/** @returns how many layers the package has at most. */
function checkLayerCount(container: ContainerDetails, base: ImageDetails, mounts: number, hasTraces = false): number {
  const own = base.RootFS.Layers?.length ?? 0
  const layers = own + 1 + mounts + (hasTraces ? 1 : 0)
  if (layers <= MOST_LAYERS) return layers
  throw new FailedError(
    `The package would have ${layers} layers, and engines keep at most ${MOST_LAYERS}: ${own} of the image of ${printable(nameOf(container))}, one of its own${mounts > 0 ? `, ${mounts} of its mounts` : ''}.`,
    {
      code: 'layers-too-many',
      hint: 'Start it from an image with fewer layers: build it again, or flatten it with docker export and docker import.',
      data: {layers, most: MOST_LAYERS},
    },
  )
}

async function confirmSize(plan: PackagePlan, questions: Questions): Promise<void> {
  const bytes = plan.mounts.reduce((sum, mount) => sum + (mount.included ? (mount.bytes ?? 0) : 0), 0)
  const amount = `${plan.measured ? '' : 'more than '}${formatBytes(bytes)}`
  if (await questions.confirm(`The mounts hold ${amount}. Package them?`, {flag: '--yes'})) return
  throw new FailedError('Nothing was packaged.', {
    code: 'cancelled',
    hint: 'Leave mounts out with --exclude-mount or --mounts.',
  })
}

interface FactsOptions extends Omit<Subject, 'push' | 'warnings'> {
  readonly options: PackageOptions
  readonly run: string
}

function factsOf({
  base,
  container,
  destinations,
  options,
  project,
  run,
}: FactsOptions): Omit<PackageFacts, 'mounts' | 'entries' | 'created' | 'synced' | 'leftOut'> {
  const baseDigest = base.RepoDigests?.[0]?.split('@')[1]
  return {
    run,
    author: options.author ?? project.repository?.author,
    message: options.message,
    branch: project.branch,
    commit: project.commit,
    dirty: project.repository?.dirty,
    source: project.repository?.remote,
    version: destinations[0].reference.tag,
    baseName: container.Config.Image,
    baseDigest: baseDigest !== undefined && isDigest(baseDigest) ? baseDigest : undefined,
  }
}
