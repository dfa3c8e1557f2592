import type {MountPoint} from '../../engine/types.js'
import {removeAbandonedVolumes} from '../capture/abandoned-volumes.js'
import {checkPauseMode} from '../capture/pause-mode.js'
import type {ReadableMount} from '../capture/capture.js'
import {HelperImage} from '../../container/helper/helper-image.js'
import {findAgentFiles} from '../capture/agent-files.js'
import {listChanges} from '../capture/list-changes.js'
import type {Change} from '../../container/container-changes.js'
import {MountContents} from '../content/mount-contents.js'
import {Writers} from '../content/writers.js'
import {findExclusions} from '../exclude/find-exclusions.js'
import {findLinkedMounts} from '../exclude/linked-mounts.js'
import {PathPatterns} from '../exclude/path-patterns.js'
import {areDestinations, byDestination, selectMounts, type SelectedMount} from '../mount/mount-selection.js'
import type {PackageOptions} from '../package-options.js'
import {SecretCheck} from '../secret/secret-check.js'
import type {PackageSource} from '../target/package-source.js'
import type {EngineWork} from '../../engine/engine-work.js'
import type {Compressor} from '../../image/archive/compression.js'
import {chooseCompressor} from './choose-compressor.js'
import {checkLayerCount} from './layer-limit.js'

/** A mount that is included, and its reader. */
export interface IncludedMount extends ReadableMount {
  readonly type: MountPoint['Type']
}

/** What a plan is made and carried out with, besides its data: everything stays open until the work's cleanup. */
export interface PackageContext {
  readonly work: EngineWork
  readonly source: PackageSource
  /** An image without files, for helper containers. */
  readonly emptyImage: HelperImage
  /** What is excluded by its path. */
  readonly excluded: PathPatterns
  /** All mounts of the container, in the order in which engines mount them. */
  readonly mounts: readonly SelectedMount[]
  readonly included: readonly IncludedMount[]
  /** Knows where the contents of binds are read. */
  readonly contents: MountContents
  readonly writers: Writers
  readonly secrets: SecretCheck
  /** Compresses layers that keg itself sends to a registry. */
  readonly compressor: Compressor
  /** What the container changed against its image when it was found. */
  readonly listing: Promise<readonly Change[]>
  /** Paths of agent files in its writable layer; the search runs in the background. */
  readonly findingAgentFiles: Promise<readonly string[]>
}

/**
 * Opens what is needed to look at a container: decides about its mounts, and finds who else may write to them. Creates helper
 * containers, and changes nothing in the container.
 * @throws what chooseCompressor, checkPauseMode and selectMounts throw; RefusedError `mount-replaced`; FailedError `layers-too-many`
 */
export async function openPackageContext(
  work: EngineWork,
  source: PackageSource,
  options: PackageOptions,
): Promise<PackageContext> {
  const {base, container, findingSyncs, output, project, push} = source
  const {cleanup, engine, environment, signal} = work
  signal.throwIfAborted()
  const compressor = chooseCompressor(engine, {...options, way: source.decidedWay})
  checkPauseMode(options.pause, {way: source.decidedWay, writesFile: output !== undefined})
  const listing = listChanges(engine, container.Id, signal)
  const findingAgentFiles = findAgentFiles(work, container, listing)
  // Whoever awaits them gets the failure; a lot happens before that.
  for (const finding of [listing, findingAgentFiles]) finding.catch(() => undefined)
  cleanup.add(() => removeAbandonedVolumes(engine, container))
  const emptyImage = cleanup.use(await HelperImage.create(work, {like: base}))
  const exclusions = await findExclusions(work, {
    container,
    flags: options.exclude,
    folder: project.folder ?? work.folder,
    sessions: async () => (await findingSyncs).sessions,
  })
  const hasPatterns = !exclusions.isEmpty || !options.allowedSecrets.isEmpty
  const needsLinks = hasPatterns || !areDestinations(options.mounts, container)
  const linkedMounts = needsLinks ? await findLinkedMounts(work, container) : []
  const inMounts = new PathPatterns([], [], linkedMounts)
  const [excluded, allowed] = [exclusions.with(inMounts), options.allowedSecrets.with(inMounts)]
  const {acceptReplaced} = options
  const contents = cleanup.use(await MountContents.of(work, {container, acceptReplaced}))
  const surroundings = {folder: project.repository?.folder ?? project.folder, home: environment.HOME}
  const mounts = await selectMounts(work, {
    container,
    contents,
    excluded,
    surroundings,
    ...{mountOptions: byDestination(options.mounts, {container, linkedMounts}), emptyImage: emptyImage.id},
    carriedBy: options.part?.carriedBy,
  })
  const included = mounts.flatMap(({destination, reader, type}) => (reader ? [{destination, reader, type}] : []))
  const destinations = included.map(({destination}) => destination).sort()
  contents.check(destinations)
  const heldStill = options.part?.containers
  const writers = await Writers.find(work, {container, destinations, pause: options.pauseWriters, heldStill})
  checkLayerCount(container, base, {mounts: included.length, hasAgentFiles: false})
  signal.throwIfAborted()
  const secrets = new SecretCheck(work, {container, mounts, excluded, allowed, push, writesFile: output !== undefined})
  return {
    work,
    source,
    emptyImage,
    excluded,
    mounts,
    included,
    contents,
    writers,
    secrets,
    compressor,
    listing,
    findingAgentFiles,
  }
}
