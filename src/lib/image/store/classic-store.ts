import type {Cleanup} from '../../async/cleanup.js'
import type {Engine} from '../../engine/engine.js'
import type {ImageDetails} from '../../engine/types.js'
import {listProperty, property} from '../../json/json.js'
import {digesting} from '../../tar/bytes.js'
import {dockerArchive} from '../archive/docker-archive.js'
import {dockerArchiveOfFile} from '../archive/docker-archive-of-file.js'
import type {ImageArchive, LoadableArchive} from '../archive/image-archive.js'
import type {ImageFile} from '../file/model.js'
import {layerMissing} from '../archive/manifest.js'
import {measure} from '../archive/measure.js'
import {readArchive} from '../archive/read-archive.js'
import {stepOf, stepsFrom} from '../history.js'
import type {Image} from '../model.js'
import {Spool} from '../spool.js'
import {packLayers} from './pack-layers.js'
import type {ArrangedImage, FoundLayer, FoundParts, ImageStore, OpenOptions, StoredImage} from './image-store.js'
import {KeptLayers} from './kept-layers.js'
import {storedImage} from './stored-image.js'

/** The store with graph drivers: it identifies layers by their chains, unpacks them, and exports them uncompressed. */
export class ClassicStore implements ImageStore {
  /** A layer is sent uncompressed, with its size in front. */
  readonly encode = measure

  constructor(private readonly engine: Engine) {}

  async open(details: ImageDetails, {cleanup, signal}: OpenOptions): Promise<StoredImage> {
    const diffIds = details.RootFS.Layers ?? []
    const rows = [...(await this.engine.imageHistory(details.Id))].reverse()
    const entries = rows.map((row) => ({history: stepOf(row), empty: row.Size > 0 ? false : undefined}))
    // A layer above a removed one has to be written again, because no store has this chain.
    const andAbove = (wanted: ReadonlySet<string>): Set<string> => {
      const lowest = diffIds.findIndex((diffId) => wanted.has(diffId))
      return new Set([...wanted, ...(lowest < 0 ? [] : diffIds.slice(lowest))])
    }
    const kept = new KeptLayers(async (wanted) =>
      extractLayers(await this.engine.saveImage(details.Id, signal), andAbove(wanted), cleanup),
    )
    return storedImage({
      ...{details, kept},
      steps: stepsFrom(entries, diffIds.length),
      unpack: (file) => file.read(),
      pack: async (options) =>
        packLayers(await this.engine.saveImage(details.Id, signal), {...options, diffIds: new Set(diffIds), cleanup}),
    })
  }

  archive(image: Image): Promise<ImageArchive> {
    return dockerArchive(image)
  }

  archiveFile(file: ImageFile, holder: StoredImage | undefined): Promise<LoadableArchive> {
    return dockerArchiveOfFile(file, holder?.view.layers ?? [])
  }

  arrange<Found extends FoundLayer>(
    {Id, RootFS}: ImageDetails,
    {documents, layers, links, manifest}: FoundParts<Found>,
  ): ArrangedImage<Found> {
    const diffIds = RootFS.Layers ?? []
    const named = listProperty(Array.isArray(manifest) ? manifest[0] : undefined, 'Layers')
    const all = [...layers.values()]
    const found = diffIds.map((diffId, index) => {
      const path = named.length === diffIds.length ? named[index] : undefined
      const byName = typeof path === 'string' ? layers.get(links.get(path) ?? path) : undefined
      return all.find((layer) => layer.diffId === diffId || layer.digest === diffId) ?? byName
    })
    const config = documents.get(Id)
    const promised = listProperty(property(config, 'rootfs'), 'diff_ids')
    const isSame = promised.length === diffIds.length && promised.every((diffId, index) => diffId === diffIds[index])
    return {layers: found, configIsRight: isSame, config: property(config, 'config')}
  }
}

/** Extracts the wanted layers from an export; a layer's digest identifies it. */
async function extractLayers(
  archive: AsyncIterable<Buffer>,
  diffIds: ReadonlySet<string>,
  cleanup: Cleanup,
): Promise<Map<string, Spool>> {
  const found = new Map<string, Spool>()
  let spool = cleanup.use(await Spool.create())
  for await (const part of readArchive(archive)) {
    // Since Engine 25, a layer is named by its digest.
    if (part.kind !== 'layer' || (part.digest !== undefined && !diffIds.has(part.digest))) continue
    const layer = digesting(part.content)
    await spool.clear()
    await spool.writeAll(layer.chunks)
    const diffId = layer.digest()
    if (!diffIds.has(diffId) || found.has(diffId)) continue
    found.set(diffId, spool)
    if (found.size === diffIds.size) return found
    spool = cleanup.use(await Spool.create())
  }
  throw layerMissing([...diffIds].find((diffId) => !found.has(diffId)) ?? '')
}
