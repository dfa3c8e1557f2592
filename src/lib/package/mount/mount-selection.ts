import {mountPath, mountPoints} from '../../container/mount-points.js'
import {EngineError} from '../../engine/engine-error.js'
import {GO_MODE, type ContainerDetails, type MountPoint, type MountRequest, type PathStat} from '../../engine/types.js'
import {UsageError} from '../../error/keg-error.js'
import {didYouMean} from '../../terminal/closest-word.js'
import {printable} from '../../terminal/text.js'
import type {LinkedMount, PathPatterns} from '../exclude/path-patterns.js'
import {HelperContainer, mountUnreadable} from '../../container/helper/helper-container.js'
import type {MountReader} from '../capture/mount-reader.js'
import type {MountContents} from '../content/mount-contents.js'
import {allSettledOrThrow} from '../../async/all-settled.js'
import {composeSecrets, type ComposeSecrets} from './compose-secrets.js'
import {readKernelMounts} from './kernel-mounts.js'
import {findKnownMounts, type KnownMount} from './known-mounts.js'
import {exclusionOf, type MountFacts, type MountSurroundings} from './mount-rules.js'
import {boundFolder} from './bound-volume.js'
import {MOUNT_PLACE} from './mount-place.js'
import {isWithin} from '../../tar/path.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** Which kinds of mount go into a package. */
export const MOUNT_POLICIES = ['all', 'volumes', 'none'] as const
export type MountPolicy = (typeof MOUNT_POLICIES)[number]

/** The user's options for mounts; destinations as the container has them. */
export interface MountOptions {
  readonly policy: MountPolicy
  readonly exclude: readonly string[]
  readonly include: readonly string[]
}

/** Why a mount is left out, and the flag that includes it, if any. */
export interface Exclusion {
  readonly reason: string
  readonly flag: string | undefined
}

/** A mount of a container, and the decision about it. */
export interface SelectedMount {
  readonly type: string
  /** The destination the container was started with; its symlinks are not followed yet. */
  readonly destination: string
  /** Where the kernel has it; undefined if unknown. */
  readonly knownPath: string | undefined
  /** Path on the engine's machine, for binds, and for volumes that are binds. */
  readonly source: string | undefined
  /** Whether it is left out as a secret, unless it is included by its name. */
  readonly isSecret: boolean
  /** Undefined for what goes into the package. */
  readonly excluded: Exclusion | undefined
  /** For an included mount: reads only this mount, which it has at `MOUNT_PLACE`. */
  readonly reader: MountReader | undefined
  /** Opens a reader for any mount when needed; undefined if the engine cannot read it. */
  readonly open: () => Promise<MountReader | undefined>
}

/** Options for the selection. */
export interface SelectionOptions {
  readonly container: ContainerDetails
  readonly mountOptions: MountOptions
  /** What is excluded by its path, mounts or not. */
  readonly excluded: PathPatterns
  readonly surroundings: MountSurroundings
  /** An image without files, for helper containers. */
  readonly emptyImage: string
  /** Knows where the content of a bind is read. */
  readonly contents: MountContents
  /** Destinations of mounts whose content is in the package of another service, and its name. */
  readonly carriedBy?: ReadonlyMap<string, string> | undefined
}

/**
 * Decides about every mount of a container, and creates a helper container for each that is included. Each is mounted alone, in
 * an empty root file system: the archives of engines confuse files of two file systems that have the same inode number, and
 * engines from 28 on cannot read containers that have a mount behind an absolute symlink.
 * @returns them in the order in which engines mount them
 * @throws UsageError `mount-unknown` when an option names no mount, `mount-empty` when it includes one without contents.
 */
export async function selectMounts(work: EngineWork, options: SelectionOptions): Promise<SelectedMount[]> {
  const {container, mountOptions} = options
  const destinations = destinationsOf(container)
  for (const [flag, path] of [
    ...named('--exclude-mount', mountOptions.exclude),
    ...named('--include-mount', mountOptions.include),
  ])
    if (!destinations.includes(mountPath(path))) throw await unknownMount(flag, path, destinations)
  const secrets = await composeSecrets(container)
  const mounts = findKnownMounts(mountPoints(container), await readKernelMounts(container))
  return allSettledOrThrow(
    mounts.map((mount, index) => {
      const by = mounts.slice(index + 1).find((later) => isWithin(placeOf(mount), placeOf(later)))
      return by === undefined ? select(work, mount, secrets, options) : coveredMount(mount, by)
    }),
  )
}

/** The destinations of a container's mounts, including those in memory; symlinks are not followed yet. */
export function destinationsOf(container: ContainerDetails): string[] {
  return mountPoints(container).map(({Destination}) => Destination)
}

/** Whether options name all mounts by their destinations. */
export function areDestinations({exclude, include}: MountOptions, container: ContainerDetails): boolean {
  const destinations = destinationsOf(container)
  return [...exclude, ...include].every((path) => destinations.includes(mountPath(path)))
}

/** The same options, with the destinations of mounts that they name by their real paths. */
export function byDestination(
  options: MountOptions,
  {container, linkedMounts}: {readonly container: ContainerDetails; readonly linkedMounts: readonly LinkedMount[]},
): MountOptions {
  const destinations = destinationsOf(container)
  const named = (given: string): string => {
    if (destinations.includes(mountPath(given))) return given
    return linkedMounts.findLast(({path}) => path === mountPath(given))?.destination ?? given
  }
  return {...options, exclude: options.exclude.map(named), include: options.include.map(named)}
}

/** Where a mount is, as far as known before its container is read. */
function placeOf({Destination, knownPath}: KnownMount): string {
  return knownPath ?? Destination
}

/**
 * For example one of two at the same place: an image's `VOLUME data` and a `-v` at `/data`, `--tmpfs /data/` and a `-v` at
 * `/data`.
 */
function coveredMount(
  {Destination: destination, Type: type, knownPath}: KnownMount,
  by: KnownMount,
): Promise<SelectedMount> {
  const excluded = {reason: hiddenReason(by.Destination), flag: undefined}
  const open = (): Promise<undefined> => Promise.resolve(undefined)
  return Promise.resolve({
    type,
    destination,
    knownPath,
    source: undefined,
    isSecret: false,
    excluded,
    reader: undefined,
    open,
  })
}

/** Why a covered mount is left out. @param by destination of the mount that covers it */
export function hiddenReason(by: string): string {
  return `hidden by the mount ${by}: not visible in the container`
}

async function select(
  work: EngineWork,
  mount: KnownMount,
  secrets: ComposeSecrets,
  options: SelectionOptions,
): Promise<SelectedMount> {
  const {Destination: destination} = mount
  const folder = mount.Type === 'volume' ? await boundFolder(work.engine, mount) : undefined
  const origin = folder === undefined ? {type: mount.Type, source: mount.Source} : {type: 'bind', source: folder}
  const ofCompose = secrets.includes({...origin, destination})
  const facts: MountFacts = {...origin, destination, kind: 'directory', isSecret: ofCompose}
  const isSecret = exclusionOf(facts, options.surroundings)?.isSecret === true
  const source = origin.type === 'bind' ? origin.source : undefined
  const open = readerFactory(work, mount, options)
  const selected = {
    type: mount.Type,
    destination,
    knownPath: mount.knownPath,
    source,
    isSecret,
    open: openIfReadable(mount.Type, open),
  }
  const earlyVerdict = verdict(facts, options)
  if (earlyVerdict !== undefined) return {...selected, excluded: earlyVerdict, reader: undefined}
  try {
    const reader = await open()
    const excluded = verdict({...facts, kind: kindOf(await reader.stat(MOUNT_PLACE))}, options)
    return {...selected, excluded, reader: excluded === undefined ? reader : undefined}
  } catch (error) {
    throw mountUnreadable(destination, error)
  }
}

/** Returns a function that creates a helper container for a mount on its first call, and only then. */
function readerFactory(work: EngineWork, mount: MountPoint, options: SelectionOptions): () => Promise<MountReader> {
  const {cleanup} = work
  const {container, contents, emptyImage: image} = options
  const make = async (specification: object): Promise<HelperContainer> =>
    cleanup.use(await HelperContainer.create(work, {image, mounts: [specification]}))
  const read = async (source: string): Promise<HelperContainer> => {
    const there = {...mount, Source: source}
    const reader = await make(mountSpecification(there, container))
    if (isRecursive(mount, container) || kindOf(await reader.stat(MOUNT_PLACE)) !== 'directory') return reader
    return make(bindingVolume(there))
  }
  let opening: Promise<MountReader> | undefined
  const open = async (): Promise<MountReader> =>
    cleanup.use(await contents.open(mount, {read, isRecursive: isRecursive(mount, container)}))
  return () => (opening ??= open())
}

/** For optional reads: undefined if there is nothing to read, or the engine cannot read it. */
function openIfReadable(type: string, open: () => Promise<MountReader>): SelectedMount['open'] {
  return async () => {
    if (type !== 'bind' && type !== 'volume') return undefined
    try {
      return await open()
    } catch (error) {
      if (error instanceof EngineError) return undefined
      throw error
    }
  }
}

/** Why a mount is left out: by the user's option, then the policy, then the rules, which an option can overrule. */
function verdict(
  facts: MountFacts,
  {carriedBy, excluded, surroundings, mountOptions}: SelectionOptions,
): Exclusion | undefined {
  const {destination} = facts
  const carrier = carriedBy?.get(destination)
  if (carrier !== undefined) return {reason: `shared: its content is in the image of ${carrier}`, flag: undefined}
  if (mountOptions.exclude.map(mountPath).includes(destination))
    return {reason: 'excluded by --exclude-mount', flag: undefined}
  if (excluded.matches(destination, facts.kind === 'directory'))
    return {reason: 'excluded by its path', flag: undefined}
  const rule = exclusionOf(facts, surroundings)
  if (mountOptions.include.map(mountPath).includes(destination)) {
    if (rule?.canBeIncluded !== false) return undefined
    throw new UsageError(`--include-mount ${printable(destination)} is not possible: it is ${rule.reason}.`, {
      code: 'mount-empty',
      hint: 'Remove the flag.',
    })
  }
  const byPolicy = policyVerdict(mountOptions.policy, facts.type)
  if (byPolicy !== undefined) return byPolicy
  return rule && {reason: rule.reason, flag: rule.canBeIncluded ? `--include-mount ${destination}` : undefined}
}

function policyVerdict(policy: MountPolicy, type: string): Exclusion | undefined {
  if (policy === 'none') return {reason: 'excluded by --mounts none', flag: '--mounts all'}
  if (policy === 'volumes' && type !== 'volume') return {reason: 'excluded by --mounts volumes', flag: '--mounts all'}
  return undefined
}

/** The same mount for a helper container, read-only, and never filled from an image. */
function mountSpecification(mount: MountPoint, container: ContainerDetails): object {
  const same = {Type: mount.Type, Target: MOUNT_PLACE, ReadOnly: true}
  if (mount.Type === 'bind') return {...same, Source: mount.Source}
  const subpath = requestOf(mount, container)?.VolumeOptions?.Subpath
  const volumeOptions = {NoCopy: true, ...(subpath ? {Subpath: subpath} : {})}
  return {...same, Source: mount.Name, VolumeOptions: volumeOptions}
}

/** Whether the container also has what the host has mounted below the source. */
function isRecursive(mount: MountPoint, container: ContainerDetails): boolean {
  return mount.Type !== 'bind' || requestOf(mount, container)?.BindOptions?.NonRecursive !== true
}

/**
 * A folder of the host without what is mounted below it, for a helper container. Engine 20.10 always reads binds recursively, but
 * not a local-driver volume that is a bind. It is removed with its container, and the engine unmounts it first.
 */
function bindingVolume({Source}: MountPoint): object {
  const driver = {Name: 'local', Options: {type: 'none', o: 'bind', device: Source}}
  return {Type: 'volume', Target: MOUNT_PLACE, VolumeOptions: {NoCopy: true, DriverConfig: driver}}
}

function requestOf(mount: MountPoint, container: ContainerDetails): MountRequest | undefined {
  return container.HostConfig.Mounts?.find(({Target}) => mountPath(Target ?? '') === mount.Destination)
}

function kindOf(stat: PathStat | undefined): MountFacts['kind'] {
  const mode = stat?.mode ?? GO_MODE.directory
  if ((mode & GO_MODE.directory) !== 0) return 'directory'
  if ((mode & GO_MODE.socket) !== 0) return 'socket'
  if ((mode & GO_MODE.device) !== 0) return 'device'
  return 'file'
}

function named(flag: string, mountOptions: readonly string[]): (readonly [string, string])[] {
  return mountOptions.map((path) => [flag, path] as const)
}

async function unknownMount(flag: string, path: string, destinations: readonly string[]): Promise<UsageError> {
  const question = await didYouMean(mountPath(path), destinations)
  return new UsageError(`${flag} ${printable(path)} is not a mount of the container.`, {
    code: 'mount-unknown',
    hint:
      destinations.length === 0
        ? 'It has no mounts.'
        : `${question}Its mounts are: ${destinations.map((path) => printable(path)).join(', ')}.`,
    data: {mounts: destinations},
  })
}
