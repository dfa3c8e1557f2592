import {randomUUID} from 'node:crypto'
import type {Questions} from '../command/ask.js'
import {readUserConfiguration} from '../config/user-configuration.js'
import {Engine} from '../engine/engine.js'
import type {ContainerDetails, ImageDetails} from '../engine/types.js'
import {FailedError, KegError, RefusedError, UsageError} from '../error/keg-error.js'
import {readRepository, type Repository} from '../git/repository.js'
import {offerToFree} from '../maintenance/offer-to-free.js'
import {isDigest} from '../reference/reference.js'
import {findCredentials} from '../registry/credentials.js'
import type {ProgressListener} from '../terminal/progress.js'
import {formatBytes, printable} from '../terminal/text.js'
import {removeAbandonedVolumes} from './capture/abandoned-volumes.js'
import {Capture} from './capture/capture.js'
import {ContainerLock} from './capture/container-lock.js'
import {Cleanup} from './cleanup.js'
import {HelperImage} from './capture/helper-image.js'
import {remapsUsers} from './capture/owner-map.js'
import {addedEnvironment} from './image/image-config.js'
import type {PackageFacts} from './image/labels.js'
import {measureMounts, type MountSize} from './mount/measure-mounts.js'
import {selectMounts, type MountWishes, type SelectedMount} from './mount/mount-selection.js'
import {findProject, nameDestinations, type Destinations, type Project} from './target/naming.js'
import {packageResult, type PackagedMount, type PackagePlan, type PackageResult} from './package-result.js'
import {publish} from './publish.js'
import {findTarget, nameOf} from './target/find-target.js'
import type {Verification} from './verify/verification.js'
import {verifyWritten} from './verify/verify-written.js'
import {writePackage, type WrittenPackage} from './write-package.js'

/** What to package, and how. */
export interface PackageOptions {
  readonly target: string | undefined
  /** The current folder. */
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
  /** `-t`, each a tag or a whole reference. */
  readonly tags: readonly string[]
  /** The tag that was resolved for the current folder before the command ran. */
  readonly currentTag: string | undefined
  readonly name: string | undefined
  /** `HOST[:PORT][/NAMESPACE]`. */
  readonly registry: string | undefined
  /** Undefined pushes where there is a registry. */
  readonly push: boolean | undefined
  readonly mounts: MountWishes
  readonly message: string | undefined
  readonly author: string | undefined
  readonly branch: string | undefined
  /** Whether the image is read back and compared with what was recorded, before it gets its names. */
  readonly verify: boolean
  readonly dryRun: boolean
  readonly questions: Questions
  /** Takes a line for the person at the terminal. */
  readonly say: (line: string) => void
  /** Called with what is going to be packaged, before the container is paused. */
  readonly onPlan: (plan: PackagePlan) => void
  readonly progress: ProgressListener
  readonly signal: AbortSignal
}

/** Engines keep no more layers in an image than this (moby, layer/layer_store.go, maxLayerDepth). */
const MOST_LAYERS = 125

/** Above this many bytes of mounts keg asks. */
const MUCH = 1_000_000_000

/**
 * Packages a container: finds it, decides about its mounts, holds it still while its own layer and its mounts are read,
 * writes the image, checks it if that is wanted, gives it its names and pushes it. Nothing temporary is left, however it ends.
 * @throws the errors of its parts, RefusedError `verification-failed` among them, `userns-remap` and `userns-host`; UsageError `registry-missing`; FailedError `layers-too-many`, `image-missing`,
 * `cancelled` when the user says no.
 */
export async function packageContainer(options: PackageOptions): Promise<PackageResult> {
  const {environment, progress, signal} = options
  await using engine = await Engine.connect(environment)
  if (!options.dryRun) await offerToFree({engine, questions: options.questions, say: options.say})
  const {base, container, destinations, project} = await findAll(engine, options)
  const push = options.push ?? destinations.some(({remote}) => remote)
  if (push && !destinations.some(({remote}) => remote)) throw registryMissing()
  if (push && !options.dryRun) await findAllCredentials(destinations, options)
  signal.throwIfAborted()

  const run = randomUUID()
  await using cleanup = new Cleanup()
  cleanup.add(() => removeAbandonedVolumes(engine, container))
  const emptyImage = cleanup.use(await HelperImage.create({engine, like: base, run, signal}))
  const selected = await selectAll({engine, container, project, run, cleanup, emptyImage, options})
  const included = selected.flatMap(({destination, reader, type}) => (reader ? [{destination, reader, type}] : []))
  const layers = checkLayerCount(container, base, included.length)
  signal.throwIfAborted()

  const enoughBytes = options.dryRun ? Infinity : MUCH
  const sizes = await measureMounts({mounts: included, enoughBytes, progress, signal})
  const mountBytes = sizes.reduce((sum, {bytes}) => sum + bytes, 0)
  const sizeOf = new Map(included.map(({destination}, index) => [destination, sizes[index]]))
  const plan: PackagePlan = {
    container: nameOf(container),
    destinations,
    project,
    mounts: selected.map((mount) => plannedMount(mount, sizeOf.get(mount.destination))),
    measured: sizes.every(({whole}) => whole),
    addedEnvironment: addedEnvironment(container, base),
    push,
  }
  options.onPlan(plan)
  if (options.dryRun) {
    const own = (await engine.container(container.Id, {size: true}))?.SizeRw ?? 0
    const entries = sizes.reduce((sum, size) => sum + size.entries, 0)
    return packageResult(plan, {layers, bytes: own + mountBytes, entries, pausedMilliseconds: 0})
  }
  if (mountBytes > MUCH) await confirmSize(plan, options.questions)
  signal.throwIfAborted()

  const locking = {engine, container, image: emptyImage.id, run, say: options.say, signal}
  const lock = cleanup.use(await ContainerLock.take(locking))
  const recordsOwnFiles = options.verify
  const taking = {
    engine,
    container,
    mounts: included,
    run,
    recordsOwnFiles,
    expectedBytes: mountBytes,
    progress,
    signal,
  }
  const capture = cleanup.use(await Capture.take(taking))
  await lock.release()
  const facts = factsOf({options, project, destinations, container, base, run})
  const written = await writePackage({engine, container, base, capture, mounts: included, facts, run, progress, signal})
  const verification = await verify({engine, base, capture, written, progress, signal})
  const digests = await publish({engine, image: written.image, destinations, push, environment, progress, signal})
  const mounts = plan.mounts.map((mount) => ({...mount, bytes: written.bytesOf.get(mount.destination) ?? mount.bytes}))
  const {pausedMilliseconds} = capture
  const layersWritten = written.layers.length
  // The package is there: what cannot be taken away any more takes nothing from it.
  await cleanup[Symbol.asyncDispose]().catch((problem: unknown) => options.say(leftText(problem)))
  return packageResult(
    {...plan, mounts},
    {...written, layers: layersWritten, digests, pausedMilliseconds, verification},
  )
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

interface Found {
  readonly container: ContainerDetails
  readonly base: ImageDetails
  readonly project: Project
  readonly destinations: Destinations
}

/** Container, image, git state and names: everything that can be wrong without touching anything. */
async function findAll(engine: Engine, options: PackageOptions): Promise<Found> {
  const {branch, currentTag, environment, folder, name, questions, registry, tags, target} = options
  const {defaultTag} = await readUserConfiguration(environment)
  // A repository that cannot be read matters only where its branch is needed.
  let unreadable: KegError | undefined
  const current = await readRepository(folder, {environment}).catch((error: unknown): Repository | undefined => {
    if (!(error instanceof KegError)) throw error
    unreadable = error
    return undefined
  })
  const container = await findTarget({engine, target, folder, top: current?.folder, branch: current?.branch, questions})
  checkUserNamespace(engine, container)
  const base = await engine.image(container.Image)
  if (base === undefined) throw imageMissing(container)
  const project = await findProject({
    container,
    base,
    currentFolder: folder,
    currentRepository: current,
    environment,
    branch,
    currentTag,
  })
  const needsBranch = tags.length === 0 && project.tag === undefined && project.origin === 'current folder'
  if (needsBranch && unreadable !== undefined) throw unreadable
  const destinations = await nameDestinations({container, project, tags, name, registry, defaultTag, questions})
  return {container, base, project, destinations}
}

/** A credential helper that is missing, or a file that cannot be read, is better known before the container is touched. */
async function findAllCredentials(destinations: Destinations, {environment, signal}: PackageOptions): Promise<void> {
  for (const {reference, remote} of destinations) if (remote) await findCredentials({...reference, environment, signal})
}

interface SelectAllOptions extends Pick<Found, 'container' | 'project'> {
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
function checkLayerCount(container: ContainerDetails, base: ImageDetails, mounts: number): number {
  const own = base.RootFS.Layers?.length ?? 0
  const layers = own + 1 + mounts
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

interface FactsOptions extends Found {
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
}: FactsOptions): Omit<PackageFacts, 'mounts' | 'entries' | 'created'> {
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

/**
 * What engines that remap users cannot commit as it is, and say nothing of. With containerd's image store their commits lose
 * setuid and setgid bits (26.1.5). With `--userns=host` a container writes files as users whom the engine does not know: they
 * are left out (20.10.24).
 * @throws RefusedError `userns-remap`, `userns-host`
 */
function checkUserNamespace(engine: Engine, container: ContainerDetails): void {
  if (!remapsUsers(engine)) return
  if (engine.imageStore === 'containerd')
    throw new RefusedError(
      'This engine remaps users (userns-remap) and has the containerd image store: its commits lose setuid and setgid bits.',
      {
        code: 'userns-remap',
        hint: 'Use an engine without userns-remap, or one with userns-remap and the storage driver overlay2.',
      },
    )
  if (container.HostConfig.UsernsMode !== 'host') return
  const name = printable(nameOf(container))
  throw new RefusedError(
    `${name} runs with --userns=host on an engine that remaps users: its commits lose files of users that it does not map.`,
    {
      code: 'userns-host',
      hint: 'Start it without --userns=host, or on an engine without userns-remap, and package it then.',
    },
  )
}

function imageMissing(container: ContainerDetails): FailedError {
  return new FailedError(`The image of ${printable(nameOf(container))} was removed from the engine.`, {
    code: 'image-missing',
    hint: `Pull or build ${printable(container.Config.Image)} again, so that the engine has its layers.`,
  })
}

function registryMissing(): UsageError {
  return new UsageError('--push needs a registry, and there is none.', {
    code: 'registry-missing',
    hint: 'Name one with --registry HOST[:PORT][/NAMESPACE], KEG_REGISTRY or the setting registry.',
  })
}
