import type {FolderWeights} from './folder-weights.js'
import {parentOf} from './parent-of.js'

/** How a mount is split into layers. It follows from the content of the mount alone. */
export interface SplitPlan {
  /** Paths of files that have a layer of their own. */
  readonly largeFiles: ReadonlySet<string>
  /** Paths of files that have other names: all of them are in one layer. */
  readonly linked: ReadonlySet<string>
  /** Bytes in each folder itself. */
  readonly ownWeights: ReadonlyMap<string, number>
  /** The heavy folders, and how large a layer of each should be; undefined for those that share the layers of what is light. */
  readonly heavyFolders: ReadonlyMap<string, number | undefined>
  /** How large a layer of what is light should be. */
  readonly lightSize: number
  readonly maxParts: number
}

/** Sizes in bytes, and numbers of layers. */
export interface SplitLimits {
  /** A smaller mount is one layer. */
  readonly minSplit: number
  /** The smallest layer that is worth its while. */
  readonly minPart: number
  /** Into about how many layers the heavy folders of a mount are cut, and what is left. */
  readonly heavyParts: number
  readonly lightParts: number
  /** A file gets a layer of its own if it is at least so large, and this part of what is left without larger files. */
  readonly minLargeFile: number
  readonly largeShare: number
  readonly maxLargeFiles: number
  /** No mount has more layers. */
  readonly maxParts: number
}

export const SPLIT_LIMITS: SplitLimits = {
  minSplit: 8 * 1024 * 1024,
  minPart: 1024 * 1024,
  heavyParts: 32,
  lightParts: 8,
  minLargeFile: 4 * 1024 * 1024,
  largeShare: 1 / 16,
  maxLargeFiles: 8,
  maxParts: 56,
}

/** Limits for a mount that may have only so many parts: it is cut into fewer and larger ones. */
export function limitsWithin(maxParts: number, limits: SplitLimits = SPLIT_LIMITS): SplitLimits {
  if (maxParts >= limits.maxParts) return limits
  const fewer = (parts: number): number => Math.max(Math.floor((parts * maxParts) / limits.maxParts), 1)
  return {
    ...limits,
    maxParts,
    heavyParts: fewer(limits.heavyParts),
    lightParts: fewer(limits.lightParts),
    maxLargeFiles: fewer(limits.maxLargeFiles),
  }
}

/** Fewer layers than these would only separate a mount's folders from its files. */
const MIN_PARTS = 4

/**
 * Plans how a mount is split. Files that are large beside the rest get layers of their own. Folders that are heavy, such as those of
 * dependencies, are cut by themselves; what is left is light, such as sources, and cut into smaller layers.
 * @returns undefined if it is one layer
 */
export function planSplit(
  root: string,
  weights: Pick<FolderWeights, 'large' | 'linked' | 'own' | 'total'>,
  limits: SplitLimits = SPLIT_LIMITS,
): SplitPlan | undefined {
  const {heavyParts, lightParts, maxParts, minPart, minSplit} = limits
  const isFolder = weights.own.has(root)
  if (!isFolder || weights.total < minSplit || maxParts < MIN_PARTS) return undefined
  const largeFiles = new Map<string, number>()
  let rest = weights.total
  for (const {path, weight} of weights.large) {
    if (weight < rest * limits.largeShare || largeFiles.size >= limits.maxLargeFiles) break
    largeFiles.set(path, weight)
    rest -= weight
  }
  const ownWeights = new Map(weights.own)
  for (const [path, weight] of largeFiles) {
    const folder = parentOf(path)
    ownWeights.set(folder, (ownWeights.get(folder) ?? 0) - weight)
  }
  const size = partSize(rest / heavyParts, minPart)
  const areas = heavyAreas(ownWeights, root, 2 * size)
  const isLight = (folder: string): boolean => folder === root || (areas.get(folder) ?? 0) < size
  const lightTotal = [...areas].reduce((sum, [folder, weight]) => sum + (isLight(folder) ? weight : 0), 0)
  return {
    largeFiles: new Set(largeFiles.keys()),
    linked: weights.linked,
    ownWeights,
    heavyFolders: new Map([...areas.keys()].map((folder) => [folder, isLight(folder) ? undefined : size])),
    lightSize: Math.min(size, partSize(lightTotal / lightParts, minPart)),
    maxParts,
  }
}

/**
 * The folders that are heavy with everything below them, and the root.
 * @returns for each, the bytes of what is in it and not in a heavy folder below
 */
function heavyAreas(ownWeights: ReadonlyMap<string, number>, root: string, minWeight: number): Map<string, number> {
  const whole = new Map(ownWeights)
  const area = new Map(ownWeights)
  const heavy = new Map<string, number>()
  const add = (weights: Map<string, number>, folder: string, weight: number): unknown =>
    weights.set(folder, (weights.get(folder) ?? 0) + weight)
  // A folder comes after everything below it.
  for (const folder of [...ownWeights.keys()].sort().reverse()) {
    const weight = whole.get(folder) ?? 0
    const isHeavy = folder === root || weight >= minWeight
    if (isHeavy) heavy.set(folder, area.get(folder) ?? 0)
    if (folder === root) continue
    add(whole, parentOf(folder), weight)
    if (!isHeavy) add(area, parentOf(folder), area.get(folder) ?? 0)
  }
  return heavy
}

/** Rounded up to one of four steps between two powers of two: a mount that grows a little is cut as before. */
function partSize(bytes: number, min: number): number {
  if (bytes <= min) return min
  const step = 2 ** (Math.floor(Math.log2(bytes)) - 2)
  return Math.ceil(bytes / step) * step
}
