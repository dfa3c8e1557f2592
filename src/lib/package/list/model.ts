import type {SummaryFacts} from '../../image/package-summary.js'

/** A package under one of its names. Anybody can write labels: what they do not say, or what is invalid, is null. */
export interface ListedPackage extends SummaryFacts {
  /** One of its names, with tag or digest. */
  readonly reference: string
  /** Where it was found. */
  readonly readFrom: 'engine' | 'registry'
  /** Id of the image in the engine; in a registry, the digest of its configuration. */
  readonly image: string
  /** Digest of its manifest, or of the index of its platforms; null if the engine has none for this name. */
  readonly digest: string | null
  /** The services of a compose project that was packaged as one, by name; empty for a single container. */
  readonly services: readonly string[]
  /** The size of its layers in the engine, as docker image ls shows it; null from a registry. */
  readonly bytes: number | null
  /** The size of its layers as the registry has them; null from the engine. */
  readonly compressedBytes: number | null
}

/** The order of a list: newest first, then by name. */
export function newestFirst(
  one: Pick<ListedPackage, 'created' | 'reference'>,
  other: Pick<ListedPackage, 'created' | 'reference'>,
): number {
  return timeOf(other) - timeOf(one) || (one.reference < other.reference ? -1 : 1)
}

function timeOf({created}: Pick<ListedPackage, 'created'>): number {
  return created === null ? 0 : Date.parse(created)
}
