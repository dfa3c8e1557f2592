import type {Destination} from '../../reference/destination.js'

/** Who sends a package to its registry: the engine, or keg itself, straight into the registry. */
export const WAYS = ['engine', 'registry'] as const
export type Way = (typeof WAYS)[number]

/** What the command line says about it. */
export interface WayOptions {
  readonly via: Way
  /** Whether the engine gets the package too. */
  readonly load: boolean
}

/** What is known of a package before. */
export interface PackageAims {
  readonly destinations: readonly Pick<Destination, 'remote'>[]
  /** Whether it is written to a file. */
  readonly writesFile: boolean
  readonly push: boolean
}

/** Which way a package goes. */
export interface PackageWay {
  /** Undefined if it goes to no registry. */
  readonly via: Way | undefined
  /** Whether the engine gets it. */
  readonly isLoaded: boolean
}

/**
 * Which way a package goes. The engine gets it if it is to push it, if nobody else gets it, or for a name without a registry.
 */
export function wayOf({load, via}: WayOptions, {destinations, push, writesFile}: PackageAims): PackageWay {
  if (push && via === 'registry') return {via, isLoaded: load || destinations.some(({remote}) => !remote)}
  return {via: push ? 'engine' : undefined, isLoaded: load || push || !writesFile}
}
