import type {InnerMount, MountLocation} from './mount-info.js'

/** What makes two files the same (stat(2)). */
export interface FileIdentity {
  readonly device: bigint
  readonly inode: bigint
}

/** A bind as the container has it. */
export interface OwnMount extends MountLocation {
  /** Undefined if keg may not look into the container. */
  readonly identity: FileIdentity | undefined
  /** Whether it no longer has a path on the machine. */
  readonly isDeleted: boolean
  /** What is mounted below it. */
  readonly inner: readonly InnerMount[]
}

/** What the path of a bind's source leads to now. */
export type SourceNow =
  | {
      readonly kind: 'there'
      readonly identity: FileIdentity
      /** Undefined if this machine does not show its mounts. */
      readonly location: MountLocation | undefined
      /** What is mounted below it. */
      readonly inner: readonly InnerMount[]
      /** When it was created, in milliseconds since 1970. */
      readonly createdAt: number
    }
  | {readonly kind: 'gone'}
  /** keg may not look there. */
  | {readonly kind: 'unseen'}

/** Whether a source is still what the container has: `unknown` if there is no way to tell. */
export type SourceVerdict = 'same' | 'replaced' | 'unknown'

/** The facts for a verdict. */
export interface SourceFacts {
  /** Undefined if the container's process is not on this machine, or its mounts cannot be read. */
  readonly own: OwnMount | undefined
  readonly source: SourceNow
  /** When the container was started, in milliseconds since 1970. */
  readonly startedAt: number
}

/**
 * Decides whether the source of a bind is what the container has, by device and inode; otherwise by the path inside the file
 * system, which the kernel updates when folders are renamed; otherwise by whether the source is newer than the container's start.
 */
export function judgeSource({own, source, startedAt}: SourceFacts): SourceVerdict {
  if (own === undefined) {
    const isYounger = source.kind === 'there' && source.createdAt > startedAt + CLOCK_TOLERANCE
    return isYounger ? 'replaced' : 'unknown'
  }
  if (own.isDeleted || source.kind === 'gone') return 'replaced'
  if (source.kind === 'unseen') return 'unknown'
  if (own.identity !== undefined)
    return isSameFile(own.identity, source.identity) && isSameBelow(own.inner, source.inner) ? 'same' : 'replaced'
  if (source.location === undefined) return 'unknown'
  return isSamePlace(own, source.location) && isSameBelow(own.inner, source.inner) ? 'same' : 'replaced'
}

/** Allows for the clock of an engine that runs containers in a virtual machine; in milliseconds. */
const CLOCK_TOLERANCE = 2000

function isSameFile(one: FileIdentity, other: FileIdentity): boolean {
  return one.device === other.device && one.inode === other.inode
}

function isSamePlace(one: MountLocation, other: MountLocation): boolean {
  return one.device === other.device && one.root === other.root
}

/** Whether the same file systems are mounted below both. */
function isSameBelow(one: readonly InnerMount[], other: readonly InnerMount[]): boolean {
  if (one.length !== other.length) return false
  return one.every((mount, index) => {
    const there = other[index]
    return there !== undefined && mount.place === there.place && isSamePlace(mount, there)
  })
}
