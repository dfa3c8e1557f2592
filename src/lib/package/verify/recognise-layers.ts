import {EntryList, packageListDigest, type Entry} from '../../image/entry-list.js'
import {labelledMounts} from '../../image/layer-labels.js'
import type {AgentFilesLabel, MountLayerLabel} from '../../image/labels.js'
import type {ListedLayer} from '../../image/model.js'
import {textToBytes} from '../../tar/tar-header.js'
import {isMountEntry} from './compare-mount-layers.js'
import type {EntrySpool} from './entry-spool.js'
import {LayerShape} from './layer-shape.js'
import type {StoredLayer} from './read-back.js'
import {isWithin} from '../../tar/path.js'

/** The layers of an image that are the package its labels describe. */
export interface RecognisedLayers {
  /** The package, from the bottom; any other layers were added on top. Undefined if no part of the image is that package. */
  readonly layers: readonly ListedLayer[] | undefined
  /** Entries in the container's writable layer and the mounts' layers, as far as known. */
  readonly entries: number
}

/** The facts about an image. */
export interface RecognitionOptions {
  /** From the bottom. */
  readonly diffIds: readonly string[]
  readonly stored: readonly (StoredLayer | undefined)[]
  /** The mount layers named by the labels. */
  readonly mounts: readonly MountLayerLabel[]
  readonly agentFiles: AgentFilesLabel | null
  readonly listDigest: string
}

/**
 * Finds the package in an image by the digest of its list: its topmost layers are those of its mounts; below them are the
 * whiteout layer for agent files, if there were any; the container's writable layer, if anything had changed; and the layers of
 * its image.
 */
export async function recogniseLayers(options: RecognitionOptions): Promise<RecognisedLayers> {
  const {diffIds, agentFiles, listDigest, mounts, stored} = options
  const mountLayers: (ListedMount | undefined)[] = []
  let mountEntries = 0
  for (const {layers, path} of labelledMounts(mounts)) {
    // Each layer of a mount has the folders above its files.
    const folders = new Set<string>()
    for (const layer of layers) {
      const listed = await listedMount(path, layer, stored[diffIds.lastIndexOf(layer)]?.entries, ({header}) => {
        if (!folders.has(header.path)) mountEntries++
        if (header.type === 'directory' && layers.length > 1) folders.add(header.path)
      })
      mountLayers.push(listed)
    }
  }
  const known: ListedLayer[] = mountLayers.filter((layer) => layer !== undefined)
  if (known.length < mounts.length) return {layers: undefined, entries: mountEntries}
  if (agentFiles !== null && agentFiles.layer !== null)
    known.unshift(listedWhiteouts(agentFiles.layer, agentFiles, mounts))
  for (let end = diffIds.length; end >= known.length; end--) {
    const below = end - known.length
    if (known.some(({diffId}, index) => diffIds[below + index] !== diffId)) continue
    for (const own of [below - 1, undefined]) {
      const layers = [
        ...diffIds
          .slice(0, below)
          .map((diffId, index) => ({kind: index === own ? ('writable' as const) : ('base' as const), diffId})),
        ...known,
      ]
      if (packageListDigest(layers) !== listDigest) continue
      const ownEntries = own === undefined ? 0 : (await LayerShape.of(stored[own]?.entries)).count
      return {layers, entries: mountEntries + ownEntries}
    }
  }
  return {layers: undefined, entries: mountEntries}
}

/** The whiteout layer hides all agent files except those in mounts. */
function listedWhiteouts(diffId: string, {paths}: AgentFilesLabel, mounts: readonly MountLayerLabel[]): ListedLayer {
  const hidden = paths.filter((path) => !mounts.some((mount) => isWithin(path, mount.path)))
  return {kind: 'whiteout', diffId, paths: hidden}
}

type ListedMount = Extract<ListedLayer, {kind: 'mount'}>

async function listedMount(
  path: string,
  diffId: string,
  entries: EntrySpool | undefined,
  onEntry: (entry: Entry) => void,
): Promise<ListedMount | undefined> {
  if (entries === undefined) return undefined
  const root = textToBytes(path.slice(1))
  const list = new EntryList()
  for await (const entry of entries.read()) {
    if (!isMountEntry(root, entry.header.path)) continue
    list.addEntry(entry)
    onEntry(entry)
  }
  return {kind: 'mount', diffId, path, entries: list.entries, listDigest: list.digest()}
}
