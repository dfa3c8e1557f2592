import {readTar} from '../../tar/read-tar.js'
import {textToBytes} from '../../tar/tar-header.js'
import {drop} from '../../image/image.js'
import type {AgentFilesLabel, MountLayerLabel} from '../../image/labels.js'
import {onlyHides} from '../../image/layer/whiteout-layer.js'
import type {Image, Layer} from '../../image/model.js'
import type {StoredImage} from '../../image/store/image-store.js'
import {isWithin} from '../../tar/path.js'

/** What decides which layers of an earlier package are left out of a new one. */
export interface ReplacingLayers {
  /** Mount layers of the base image, as its label names them: a hint, checked against the layers themselves. */
  readonly earlier: readonly MountLayerLabel[]
  /** Where the new package gets its own mount layers. */
  readonly paths: readonly string[]
  /** The agent files that the base image hides, as its label names them: a hint too. */
  readonly earlierWhiteouts: AgentFilesLabel | undefined
  /** What the whiteout layer of the new package will hide. */
  readonly hiding: readonly string[]
}

/**
 * Reuses the layers of a commit, except earlier mount layers that new ones hide completely, and an earlier whiteout layer that
 * hides only what the new one hides too. A layer named by a label is left out only if it really is such a layer: a mount layer
 * has nothing but the mount point, what is below, and the folders above.
 */
export async function reuseLayers({keep, view}: StoredImage, replacing: ReplacingLayers): Promise<Image> {
  const candidates = candidatesOf(view.layers, replacing)
  await keep(new Set(candidates.map(({layer}) => layer)))
  const verified = new Set<string>()
  for (const {diffId, uncompressed} of view.layers) {
    const candidate = candidates.find(({layer}) => layer === diffId)
    if (candidate !== undefined && (await candidate.isIt(uncompressed()))) verified.add(diffId)
  }
  return drop(view, ({diffId}) => verified.has(diffId))
}

/** A layer that is left out if it is what its label says. */
export interface Candidate {
  /** diffID */
  readonly layer: string
  readonly isIt: (layer: AsyncIterable<Buffer>) => Promise<boolean>
}

/** Layers to leave out of a package if they are what their labels say. */
export function candidatesOf(
  layers: readonly Pick<Layer, 'diffId'>[],
  {earlier, earlierWhiteouts, hiding, paths}: ReplacingLayers,
): Candidate[] {
  const isHidden = ({layer, path}: MountLayerLabel, diffId: string): boolean =>
    layer === diffId && paths.some((covering) => isWithin(path, covering))
  const isNeedless = earlierWhiteouts?.paths.every((path) => hiding.includes(path)) === true
  return layers.flatMap(({diffId}): Candidate[] => {
    const mount = earlier.find((label) => isHidden(label, diffId))
    if (mount !== undefined) return [{layer: diffId, isIt: (layer) => holdsOnly(mount.path, layer)}]
    if (!isNeedless || earlierWhiteouts.layer !== diffId) return []
    return [{layer: diffId, isIt: (layer) => onlyHides(earlierWhiteouts.paths, layer)}]
  })
}

async function holdsOnly(path: string, layer: AsyncIterable<Buffer>): Promise<boolean> {
  const root = textToBytes(path.slice(1))
  try {
    for await (const {header} of readTar(layer)) {
      const isAbove = header.type === 'directory' && isWithin(root, header.path)
      if (!isAbove && !isWithin(header.path, root)) return false
    }
    return true
  } catch {
    // Not a tar written by keg.
    return false
  }
}
