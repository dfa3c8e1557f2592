import {readUserConfiguration} from '../../config/user-configuration.js'
import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails, ImageDetails} from '../../engine/types.js'
import {FailedError, KegError, RefusedError, UsageError} from '../../error/keg-error.js'
import {readRepository, type Repository} from '../../git/repository.js'
import {ContainerSyncs} from '../../container/sync/container-syncs.js'
import {CONTAINER_LABELS} from '../../label/container-labels.js'
import {findTarget} from '../../container/target/find-target.js'
import {imageOf} from '../../container/target/image-of.js'
import {storeTraits} from '../../image/store/store-traits.js'
import {commandLine} from '../../terminal/command-line.js'
import type {EngineWork} from '../../engine/engine-work.js'
import {startCheckingTags, type CheckedTags} from './check-tags.js'
import {composeServiceOf} from './compose-service.js'
import type {PlannedOutput} from '../output/plan-output.js'
import type {PackageOwner} from './package-owner.js'
import {findProject, nameDestinations, type Destinations} from './naming.js'
import type {PackageWay, Project} from './model.js'
import {decidedWay, findWay, type WayOptions} from './package-way.js'
import type {UserConfiguration} from '../../config/model.js'
import {nameOf, shownName} from '../../container/container-name.js'

/** Which container to package, and the names for its package. */
export interface PackageSourceOptions extends WayOptions {
  readonly target: string | undefined
  /** `-t`, each a tag or a full reference. */
  readonly tags: readonly string[]
  /** The tag that was resolved for the current folder before the command ran. */
  readonly currentTag: string | undefined
  readonly name: string | undefined
  /** The image name of the container's tap; if undefined, its labels and files decide. */
  readonly tapImage?: string | undefined
  /** `HOST[:PORT][/NAMESPACE]`. */
  readonly registry: string | undefined
  /** Undefined: pushed if there is a registry. */
  readonly push: boolean | undefined
  readonly branch: string | undefined
  readonly dryRun: boolean
  /** Whose it is, if not its container's: the name of a compose project. */
  readonly ownerName?: string
  /** What it has in common with the packages of other services; undefined if it is packaged alone. */
  readonly part?: ProjectPart | undefined
}

/** What the package of a service has in common with those that are made of the other services of its compose project. */
export interface ProjectPart {
  /** Its name in the compose file. */
  readonly service: string
  readonly names: SourceNames
  /** Ids of all containers that are held still together. */
  readonly containers: ReadonlySet<string>
  /** Destinations of mounts whose content is in the package of another service, and its name. */
  readonly carriedBy: ReadonlyMap<string, string>
}

/** The git state of a container, and under which names its package goes where. */
export type SourceNames = Omit<PackageSource, 'base' | 'container' | 'findingSyncs' | 'output' | 'service'>

/** A container to be packaged, with its image, its git state and the names of its package. */
export interface PackageSource {
  readonly container: ContainerDetails
  /** Its name in the compose file; undefined if it is packaged alone. */
  readonly service: string | undefined
  readonly base: ImageDetails
  readonly project: Project
  readonly destinations: Destinations
  /** Whether to push names that have a registry. */
  readonly push: boolean
  /** Which way the package goes; undefined if that depends on whether keg can reach its registries. */
  readonly decidedWay: PackageWay | undefined
  /** The same; the registries are asked in the background. */
  readonly findingWay: Promise<PackageWay>
  /** The file that it is written to; undefined for none. */
  readonly output: PlannedOutput | undefined
  /** The owner of the package. */
  readonly owner: PackageOwner
  /** What has its names now, and what the registry answers; runs in the background. */
  readonly checkingTags: Promise<CheckedTags>
  /** The syncs into the container; the search runs in the background. */
  readonly findingSyncs: Promise<ContainerSyncs>
}

/**
 * Finds everything that can be wrong without changing anything.
 * @param output the file that the package is written to
 * @throws the errors of its parts; UsageError `registry-missing`; FailedError `container-restarting`,
 * `image-missing`; RefusedError `userns-remap`, `userns-host`.
 */
export async function resolvePackageSource(
  work: EngineWork,
  options: PackageSourceOptions,
  output: PlannedOutput | undefined,
): Promise<PackageSource> {
  const current = await readCurrent(work)
  const container = await findTarget(work, {
    target: options.target,
    top: current.repository?.folder,
    branch: current.repository?.branch,
    usage: commandLine`keg docker package CONTAINER`,
  })
  const found = await openContainer(work, container, options)
  const {part} = options
  const names = part?.names ?? (await nameSource(work, {...found, current}, options, output))
  return {...found, ...names, output, service: part?.service}
}

/** The repository of the current folder. */
export interface CurrentRepository {
  readonly repository: Repository | undefined
  /** Why it cannot be read: that matters only if its branch is needed. */
  readonly unreadable: KegError | undefined
}

/** Reads the repository of the current folder. */
export async function readCurrent({
  environment,
  folder,
}: Pick<EngineWork, 'environment' | 'folder'>): Promise<CurrentRepository> {
  try {
    return {repository: await readRepository(folder, {environment}), unreadable: undefined}
  } catch (error) {
    if (!(error instanceof KegError)) throw error
    return {repository: undefined, unreadable: error}
  }
}

/**
 * Checks that a container can be packaged, and starts to look for its syncs.
 * @throws FailedError `container-restarting`, `image-missing`; RefusedError `userns-remap`, `userns-host`
 */
export async function openContainer(
  work: EngineWork,
  container: ContainerDetails,
  options: Pick<PackageSourceOptions, 'dryRun'>,
): Promise<Pick<PackageSource, 'base' | 'container' | 'findingSyncs'>> {
  const {engine} = work
  checkNotRestarting(container)
  checkUserNamespace(engine, container)
  const base = await imageOf(engine, container)
  const findingSyncs = ContainerSyncs.find(work, {container, mayStartDaemon: !options.dryRun})
  // Whoever awaits it gets the failure; a lot happens before that.
  findingSyncs.catch(() => undefined)
  return {container, base, findingSyncs}
}

/**
 * Finds the git state of a container, and the names of its package; starts to find out which way it goes, and what has its names now.
 * @param output the file that the package is written to
 * @throws the errors of its parts; UsageError `registry-missing`
 */
export async function nameSource(
  work: EngineWork,
  source: Pick<PackageSource, 'base' | 'container' | 'findingSyncs'> & {readonly current: CurrentRepository},
  options: PackageSourceOptions,
  output: PlannedOutput | undefined,
): Promise<SourceNames> {
  const {engine, environment, folder} = work
  const {branch, currentTag, name, registry, tags} = options
  const {base, container, current, findingSyncs} = source
  const configuration = await readUserConfiguration(environment)
  const syncedFolders = async (): Promise<string[]> => (await findingSyncs).planned.map((sync) => sync.folder)
  const project = await findProject(work, {
    container,
    base,
    syncedFolders,
    currentFolder: folder,
    currentRepository: current.repository,
    branch,
    currentTag,
  })
  const needsBranch = tags.length === 0 && project.tag === undefined && project.origin === 'current folder'
  if (needsBranch && current.unreadable !== undefined) throw current.unreadable
  const destinations = await nameDestinations(work, {
    container,
    base,
    project,
    tags,
    name,
    tapImage: await findTapImage(container, base, options, work),
    registry,
    protectedTags: protectedTagsOf(configuration, options),
    syncedFolders,
  })
  const push = options.push ?? (output === undefined && destinations.some(({remote}) => remote))
  if (push && !destinations.some(({remote}) => remote)) throw registryMissing()
  const {ownerName} = options
  const owner = {...ownerOfContainer(container, base, project), ...(ownerName !== undefined && {container: ownerName})}
  const aims = {destinations, push, writesFile: output !== undefined}
  const decided = decidedWay(options, engine.endpoint, aims)
  const findingWay = decided === undefined ? findWay(work, options, aims) : Promise.resolve(decided)
  findingWay.catch(() => undefined)
  const {checked} = await startCheckingTags(work, {destinations, owner, push, way: findingWay})
  return {project, destinations, push, owner, decidedWay: decided, findingWay, checkingTags: checked}
}

/**
 * Tags that others pull from a registry are protected there. The default tag is protected in the engine too: taps start from the
 * newest image that has it.
 */
function protectedTagsOf(
  configuration: Pick<UserConfiguration, 'defaultTag' | 'protectedTags'>,
  {push, registry, tags}: Pick<PackageSourceOptions, 'push' | 'registry' | 'tags'>,
): string[] {
  const mayBePushed = push !== false && (registry !== undefined || tags.some((tag) => tag.includes('/')))
  return [configuration.defaultTag, ...(mayBePushed ? configuration.protectedTags : [])]
}

/** Most containers do not belong to a tap, so the code that reads taps is only loaded when needed. */
async function findTapImage(
  container: ContainerDetails,
  base: ImageDetails,
  {name, tapImage}: PackageSourceOptions,
  {environment, warn}: EngineWork,
): Promise<string | undefined> {
  if (tapImage !== undefined || name !== undefined) return tapImage
  if (container.Config.Labels?.[CONTAINER_LABELS.tapMain] === undefined) return undefined
  const {tapImageName} = await import('../../values/tap-image-name.js')
  return tapImageName({environment, warn}, {container, base})
}

function ownerOfContainer(container: ContainerDetails, base: ImageDetails, project: Project): PackageOwner {
  const service = composeServiceOf(container, base)
  const name = [service?.project, service?.name].filter((part) => part !== undefined).join('/')
  return {container: name || nameOf(container), branch: project.branch, source: project.repository?.remote}
}

function checkNotRestarting(container: ContainerDetails): void {
  if (!container.State.Restarting) return
  const name = shownName(container)
  throw new FailedError(`The container ${name} keeps restarting, and cannot be paused.`, {
    code: 'container-restarting',
    hint: `Stop it first (${commandLine`docker stop ${name}`}), then package it.`,
  })
}

/**
 * Refuses what engines that remap users cannot commit correctly, without saying so. With containerd's image store their commits
 * lose setuid and setgid bits (26.1.5). With `--userns=host` a container writes files as users that the engine does not know, and
 * the commit leaves them out (20.10.24).
 */
function checkUserNamespace(engine: Engine, container: ContainerDetails): void {
  if (!engine.remapsUsers) return
  if (storeTraits(engine).losesRemappedBits)
    throw new RefusedError(
      'This engine remaps users (userns-remap) and has the containerd image store: its commits lose setuid and setgid bits.',
      {
        code: 'userns-remap',
        hint: 'Use an engine without userns-remap, or one with userns-remap and the storage driver overlay2.',
      },
    )
  if (container.HostConfig.UsernsMode !== 'host') return
  const name = shownName(container)
  throw new RefusedError(
    `${name} runs with --userns=host on an engine that remaps users: its commits lose files of users that it does not map.`,
    {
      code: 'userns-host',
      hint: 'Start it without --userns=host, or on an engine without userns-remap, then package it.',
    },
  )
}

function registryMissing(): UsageError {
  return new UsageError('--push needs a registry, and none is set.', {
    code: 'registry-missing',
    hint: 'Set one with --registry HOST[:PORT][/NAMESPACE], KEG_REGISTRY or the setting registry.',
  })
}
