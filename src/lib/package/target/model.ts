import type {Repository} from '../../git/repository.js'
import type {Tag} from '../../reference/reference.js'

/** The git state that a package records. */
export interface Project {
  /** The folder the state was read in; undefined when there is no repository. */
  readonly folder: string | undefined
  /** Whether that is the folder the container belongs to, or just the current one. */
  readonly origin: 'container' | 'current folder'
  readonly repository: Repository | undefined
  readonly branch: string | undefined
  readonly commit: string | undefined
  /** The tag of the branch or commit. */
  readonly tag: Tag | undefined
}

/** Who sends a package to its registry: the engine, or keg itself, straight into the registry. */
export const WAYS = ['engine', 'registry'] as const
export type Way = (typeof WAYS)[number]

/**
 * Why a package goes through the engine: `--via` says so, the engine is on another machine, keg cannot reach a registry, or the engine
 * would have to export an image of so many bytes, which is much larger than the mounts.
 */
export type EngineReason =
  | {readonly kind: 'given'}
  | {readonly kind: 'engine-elsewhere'}
  | {readonly kind: 'registry-unreachable'; readonly registry: string; readonly problem: string}
  | {readonly kind: 'image-larger'; readonly bytes: number}

/** Which way a package goes. */
export interface PackageWay {
  /** Undefined if it goes to no registry. */
  readonly via: Way | undefined
  /** Whether the engine gets it. */
  readonly isLoaded: boolean
  /** Why the engine pushes it; undefined if it does not. */
  readonly reason?: EngineReason
}
