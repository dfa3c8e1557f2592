import type {Engine} from '../../engine/engine.js'
import type {ImageDetails} from '../../engine/types.js'
import {listProperty, property} from '../../json/json.js'
import {compress} from '../archive/compress.js'
import type {ImageArchive, LoadableArchive} from '../archive/image-archive.js'
import type {LayoutLayer} from '../archive/layout-files.js'
import {findManifest, manifestMissing} from '../archive/manifest.js'
import {ociLayout} from '../archive/oci-layout.js'
import {ociLayoutOfFile} from '../archive/oci-layout-of-file.js'
import {unpacked} from '../archive/unpack.js'
import type {ImageFile} from '../file/model.js'
import {historyEntry, stepsFrom} from '../history.js'
import type {Image} from '../model.js'
import type {Spool} from '../spool.js'
import {readExport, type WantedBlobs} from './read-export.js'
import type {
  ArrangedImage,
  BlobOptions,
  FoundLayer,
  FoundParts,
  ImageStore,
  OpenOptions,
  StoredImage,
} from './image-store.js'
import {KeptLayers} from './kept-layers.js'
import {storedImage} from './stored-image.js'

/** The store of containerd: it keeps compressed blobs, and only an export shows their digests. */
export class ContainerdStore implements ImageStore {
  /** It accepts blobs: one read makes one, and nothing has to be known in advance. */
  readonly encode = compress

  constructor(private readonly engine: Engine) {}

  async open(details: ImageDetails, {cleanup, mayRead, signal}: OpenOptions): Promise<StoredImage> {
    const identity = {id: details.Id, diffIds: details.RootFS.Layers ?? []}
    const read = async (wanted: Omit<WantedBlobs, keyof typeof identity | 'cleanup'>) =>
      readExport(await this.engine.saveImage(details.Id, signal), {...identity, ...wanted, cleanup})
    const {files, manifest} = await read({diffIdsToKeep: mayRead ?? new Set()})
    const history = listProperty(manifest.config, 'history').map((entry) => ({
      history: historyEntry(entry),
      empty: property(entry, 'empty_layer') === true,
    }))
    const extract = async (diffIdsToKeep: ReadonlySet<string>): Promise<ReadonlyMap<string, Spool>> =>
      (await read({diffIdsToKeep, manifest})).files
    const kept = new KeptLayers(extract, files)
    const pack = async ({leftOut}: BlobOptions): Promise<Map<string, LayoutLayer>> => {
      await kept.keep(new Set(identity.diffIds.filter((diffId) => !leftOut.has(diffId))))
      const layers = new Map<string, LayoutLayer>()
      for (const [index, descriptor] of manifest.layers.entries()) {
        const diffId = identity.diffIds[index] ?? ''
        const file = leftOut.has(diffId) ? undefined : await kept.file(diffId)
        layers.set(diffId, {descriptor, read: file && (() => file.read())})
      }
      return layers
    }
    return storedImage({
      ...{details, kept, pack},
      steps: stepsFrom(history, identity.diffIds.length),
      blobs: manifest.layers,
      unpack: (file) => unpacked(file.read()),
    })
  }

  archive(image: Image): Promise<ImageArchive> {
    return ociLayout(image)
  }

  archiveFile(file: ImageFile, holder: StoredImage | undefined): Promise<LoadableArchive> {
    return Promise.resolve(ociLayoutOfFile(file, holder?.view.layers ?? []))
  }

  arrange<Found extends FoundLayer>(
    {Id, RootFS}: ImageDetails,
    {documents, layers}: FoundParts<Found>,
  ): ArrangedImage<Found> {
    const manifest = findManifest(documents, {id: Id, diffIds: RootFS.Layers ?? []})
    if (manifest === undefined) throw manifestMissing()
    const found = manifest.layers.map(({digest}) => layers.get(`blobs/${digest.replace(':', '/')}`))
    return {
      layers: found,
      configIsRight: documents.has(Id),
      config: property(manifest.config, 'config'),
    }
  }
}
