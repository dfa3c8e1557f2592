import type {Engine} from '../../engine/engine.js'
import {GO_MODE, type ContainerDetails, type MountPoint, type PathStat} from '../../engine/types.js'
import {UsageError} from '../../error/keg-error.js'
import {printable} from '../../terminal/text.js'
import type {Cleanup} from '../cleanup.js'
import {HelperContainer, mountUnreadable} from '../capture/helper-container.js'
import {settleAll} from '../settle.js'
import {exclusionOf, type MountFacts, type MountSurroundings} from './mount-rules.js'

/** Which kinds of mount go into a package. */
export const MOUNT_POLICIES = ['all', 'volumes', 'none'] as const
export type MountPolicy = (typeof MOUNT_POLICIES)[number]

/** What the user said about mounts; destinations as the container has them. */
export interface MountWishes {
  readonly policy: MountPolicy
  readonly exclude: readonly string[]
  readonly include: readonly string[]
}

/** Why a mount stays out, and the flag that takes it in after all, if any. */
export interface LeftOut {
  readonly reason: string
  readonly flag: string | undefined
}

/** A mount of a container with what was decided about it. */
export interface SelectedMount {
  readonly type: string
  /** Where the container was started with it; symlinks in it are not followed yet. */
  readonly destination: string
  /** Undefined for what goes into the package. */
  readonly leftOut: LeftOut | undefined
  /** For what goes in: a helper container that has nothing but this mount, at `MOUNT_PLACE`. */
  readonly reader: HelperContainer | undefined
}

/** Where a helper container has its mount. */
export const MOUNT_PLACE = '/mount'

/** What the selection is made from. */
export interface SelectionOptions {
  readonly engine: Engine
  readonly container: ContainerDetails
  readonly wishes: MountWishes
  readonly surroundings: MountSurroundings
  /** An image without files, for helper containers. */
  readonly emptyImage: string
  readonly run: string
  /** Takes helper containers away at the end. */
  readonly cleanup: Cleanup
}

/**
 * Decides about every mount of a container, and makes a helper container for each that goes in. Each is mounted alone, in
 * an empty root file system: the archives of engines take files of two file systems for one where their inode numbers are
 * equal, and engines from 28 on cannot read containers that have a mount behind an absolute symlink.
 * @throws UsageError `mount-unknown` when a wish names no mount, `mount-empty` when it asks for what has no contents.
 */
export async function selectMounts(options: SelectionOptions): Promise<SelectedMount[]> {
  const {container, wishes} = options
  const destinations = destinationsOf(container)
  for (const [flag, wish] of [...named('--exclude-mount', wishes.exclude), ...named('--include-mount', wishes.include)])
    if (!destinations.includes(withoutSlash(wish))) throw unknownMount(flag, wish, destinations)
  const selected = await settleAll(mountsOf(container).map((mount) => select(mount, options)))
  return selected.sort((left, right) => (left.destination < right.destination ? -1 : 1))
}

/** Where a container was started with mounts, those in memory included; symlinks are not followed yet. */
export function destinationsOf(container: ContainerDetails): string[] {
  return mountsOf(container).map(({Destination}) => withoutSlash(Destination))
}

/** All mounts of a container: those of `--tmpfs` are not among what engines call its mounts. */
function mountsOf({HostConfig, Mounts}: ContainerDetails): MountPoint[] {
  const inMemory = Object.keys(HostConfig.Tmpfs ?? {}).map((path) => ({
    Type: 'tmpfs',
    Source: '',
    Destination: path,
    RW: true,
  }))
  return [...Mounts, ...inMemory]
}

async function select(mount: MountPoint, options: SelectionOptions): Promise<SelectedMount> {
  const destination = withoutSlash(mount.Destination)
  const facts: MountFacts = {type: mount.Type, source: mount.Source, destination, kind: 'directory'}
  const early = verdict(facts, options)
  if (early !== undefined) return {type: mount.Type, destination, leftOut: early, reader: undefined}
  try {
    const reader = await HelperContainer.create({
      engine: options.engine,
      image: options.emptyImage,
      run: options.run,
      mounts: [mountSpecification(mount, options.container)],
    })
    options.cleanup.use(reader)
    const leftOut = verdict({...facts, kind: kindOf(await reader.stat(MOUNT_PLACE))}, options)
    return {type: mount.Type, destination, leftOut, reader: leftOut === undefined ? reader : undefined}
  } catch (error) {
    throw mountUnreadable(destination, error)
  }
}

/** Why a mount stays out: the user's wish, then the policy, then the rules, which a wish can overrule. */
function verdict(facts: MountFacts, {surroundings, wishes}: SelectionOptions): LeftOut | undefined {
  const {destination} = facts
  if (wishes.exclude.map(withoutSlash).includes(destination))
    return {reason: 'left out by --exclude-mount', flag: undefined}
  const rule = exclusionOf(facts, surroundings)
  if (wishes.include.map(withoutSlash).includes(destination)) {
    if (rule?.canBeIncluded !== false) return undefined
    throw new UsageError(`--include-mount ${printable(destination)} cannot be: it is ${rule.reason}.`, {
      code: 'mount-empty',
      hint: 'Leave the flag out.',
    })
  }
  const byPolicy = policyVerdict(wishes.policy, facts.type)
  if (byPolicy !== undefined) return byPolicy
  return rule && {reason: rule.reason, flag: rule.canBeIncluded ? `--include-mount ${destination}` : undefined}
}

function policyVerdict(policy: MountPolicy, type: string): LeftOut | undefined {
  if (policy === 'none') return {reason: 'left out by --mounts none', flag: '--mounts all'}
  if (policy === 'volumes' && type !== 'volume') return {reason: 'left out by --mounts volumes', flag: '--mounts all'}
  return undefined
}

/** The same mount for a helper container, read-only, and never filled from an image. */
function mountSpecification(mount: MountPoint, container: ContainerDetails): object {
  if (mount.Type === 'bind') return {Type: 'bind', Source: mount.Source, Target: MOUNT_PLACE, ReadOnly: true}
  const asked = container.HostConfig.Mounts?.find(
    ({Target}) => withoutSlash(Target ?? '') === withoutSlash(mount.Destination),
  )
  const subpath = asked?.VolumeOptions?.Subpath
  const volumeOptions = {NoCopy: true, ...(subpath ? {Subpath: subpath} : {})}
  return {Type: mount.Type, Source: mount.Name, Target: MOUNT_PLACE, ReadOnly: true, VolumeOptions: volumeOptions}
}

function kindOf(stat: PathStat | undefined): MountFacts['kind'] {
  const mode = stat?.mode ?? GO_MODE.directory
  if ((mode & GO_MODE.directory) !== 0) return 'directory'
  if ((mode & GO_MODE.socket) !== 0) return 'socket'
  if ((mode & GO_MODE.device) !== 0) return 'device'
  return 'file'
}

function named(flag: string, wishes: readonly string[]): (readonly [string, string])[] {
  return wishes.map((wish) => [flag, wish] as const)
}

function withoutSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path
}

function unknownMount(flag: string, wish: string, destinations: readonly string[]): UsageError {
  return new UsageError(`${flag} ${printable(wish)} names no mount of the container.`, {
    code: 'mount-unknown',
    hint:
      destinations.length === 0
        ? 'It has no mounts.'
        : `Its mounts are: ${destinations.map((path) => printable(path)).join(', ')}.`,
    data: {mounts: destinations},
  })
}
