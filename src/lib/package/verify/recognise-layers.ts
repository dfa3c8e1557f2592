import {EntryList, packageListDigest, type ListedLayer} from '../image/entry-list.js'
import type {LeftOutLabel, MountLayerLabel} from '../image/labels.js'
import {textToBytes} from '../../tar/tar-header.js'
import {isWithin} from '../mount/mount-rules.js'
import {isMountEntry} from './compare-mount-layer.js'
import type {EntrySpool} from './entry-spool.js'
import {LayerShape} from './layer-shape.js'
import type {StoredLayer} from './read-back.js'

/** Which of an image's layers are the package that its labels speak of. */
export interface RecognisedLayers {
  /** The package, from the bottom; what else the image has was put on top. Undefined where no part of it is that package. */
  readonly layers: readonly ListedLayer[] | undefined
  /** Entries in the container's own layer and the mounts' layers, as far as they are known. */
  readonly entries: number
}

/** What is known of an image. */
export interface RecognitionOptions {
  /** From the bottom. */
  readonly diffIds: readonly string[]
  readonly stored: readonly (StoredLayer | undefined)[]
  /** What the labels say. */
  readonly mounts: readonly MountLayerLabel[]
  readonly leftOut: LeftOutLabel | null
  readonly listDigest: string
}

/**
 * Finds the package in an image by the digest of its list: its uppermost layers are those of its mounts; below is the one that
 * hides what a sync made for itself, if there was anything; then the container's own, if anything had changed in it; and the
 * rest is its image's.
 */
export async function recogniseLayers(options: RecognitionOptions): Promise<RecognisedLayers> {
  const {diffIds, leftOut, listDigest, mounts, stored} = options
  const mountLayers = await Promise.all(
    mounts.map(async ({layer, path}) => listedMount(path, layer, stored[diffIds.lastIndexOf(layer)]?.entries)),
  )
  const mountEntries = mountLayers.reduce((sum, layer) => sum + (layer?.entries ?? 0), 0)
  const known: ListedLayer[] = mountLayers.filter((layer) => layer !== undefined)
  if (known.length < mounts.length) return {layers: undefined, entries: mountEntries}
  if (leftOut !== null && leftOut.layer !== null) known.unshift(listedHidden(leftOut.layer, leftOut, mounts))
  for (let end = diffIds.length; end >= known.length; end--) {
    const below = end - known.length
    if (known.some(({diffId}, index) => diffIds[below + index] !== diffId)) continue
    for (const own of [below - 1, undefined]) {
      const layers = [
        ...diffIds
          .slice(0, below)
          .map((diffId, index) => ({kind: index === own ? ('own' as const) : ('base' as const), diffId})),
        ...known,
      ]
      if (packageListDigest(layers) !== listDigest) continue
      const ownEntries = own === undefined ? 0 : (await LayerShape.of(stored[own]?.entries)).count
      return {layers, entries: mountEntries + ownEntries}
    }
  }
  return {layers: undefined, entries: mountEntries}
}

/** Of all that was left out, what no mount holds is hidden by a layer. */
function listedHidden(diffId: string, {paths}: LeftOutLabel, mounts: readonly MountLayerLabel[]): ListedLayer {
  const hidden = paths.filter((path) => !mounts.some((mount) => isWithin(path, mount.path)))
  return {kind: 'hidden', diffId, paths: hidden}
}

async function listedMount(
  path: string,
  diffId: string,
  entries: EntrySpool | undefined,
): Promise<Extract<ListedLayer, {kind: 'mount'}> | undefined> {
  if (entries === undefined) return undefined
  const root = textToBytes(path.slice(1))
  const list = new EntryList()
  for await (const entry of entries.read()) if (isMountEntry(root, entry.header.path)) list.addEntry(entry)
  return {kind: 'mount', diffId, path, entries: list.entries, digest: list.digest()}
}
