import type {TarHeader} from '../../../tar/tar-header.js'
import {FolderWeights} from './folder-weights.js'
import {PartAssigner} from './part-assigner.js'
import {limitsWithin, planSplit, SPLIT_LIMITS, type SplitLimits, type SplitPlan} from './plan-split.js'

/** A mount whose files are listed. */
export interface ListedMount {
  /** The path of its root, a byte string without a leading slash, as all paths are. */
  readonly root: string
  /** Its files as the container sees them, from the first with each call. */
  readonly headers: () => AsyncIterable<TarHeader>
  /** How many layers it may have. */
  readonly maxLayers: number
  readonly limits?: SplitLimits | undefined
}

/** Plans how a mount is split. @returns undefined if it is one layer */
export async function planOfHeaders({
  headers,
  limits = SPLIT_LIMITS,
  maxLayers,
  root,
}: ListedMount): Promise<SplitPlan | undefined> {
  const weights = new FolderWeights(limits.minLargeFile)
  for await (const header of headers()) weights.add(header)
  // One more layer hides what is below.
  return planSplit(root, weights, limitsWithin(maxLayers - 1, limits))
}

/** How many layers a mount is split into. */
export async function countLayers(mount: ListedMount): Promise<number> {
  const plan = await planOfHeaders(mount)
  if (plan === undefined) return 1
  const assigner = new PartAssigner(plan)
  for await (const header of mount.headers()) assigner.partOf(header)
  return assigner.parts + 1
}
