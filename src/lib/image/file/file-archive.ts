import type {Cleanup} from '../../async/cleanup.js'
import {sha256Digest} from '../../tar/bytes.js'
import {formatReference, type Reference} from '../../reference/reference.js'
import {compress} from '../archive/compress.js'
import type {LoadableArchive} from '../archive/image-archive.js'
import {blobPath, layoutFiles, manifestFile, type LayoutLayer} from '../archive/layout-files.js'
import {OCI, ociLayerType} from '../archive/media-types.js'
import {fileOf, sizeOfFiles, tarOfFiles} from '../archive/tar-of-files.js'
import {configFile} from '../image.js'
import type {Image, Layer} from '../model.js'
import {SINCE_ANNOTATION, WITHOUT_ANNOTATION} from './model.js'

/** An image whose layers a file may leave out. */
export interface EarlierImage {
  readonly name: string
  readonly diffIds: ReadonlySet<string>
}

/** What goes into a file. */
export interface FileContents {
  readonly image: Image
  /** With a tag. */
  readonly names: readonly Reference[]
  /** Blobs of the layers that an engine has, by their diffIDs. */
  readonly blobs: ReadonlyMap<string, LayoutLayer>
  readonly since: EarlierImage | undefined
  /** Removes temporary files. */
  readonly cleanup: Cleanup
}

/**
 * An image as one file: an OCI image layout in a tar (OCI image-spec 1.1, image-layout.md) that also has the `manifest.json` of
 * `docker load` before Engine 25. Its blobs are gzip; those that the engine has stay as they are.
 */
export async function fileArchive({
  blobs,
  cleanup,
  image,
  names,
  since,
}: FileContents): Promise<Omit<LoadableArchive, typeof Symbol.asyncDispose>> {
  const layers: LayoutLayer[] = []
  for (const layer of image.layers) {
    const {descriptor, read} = blobs.get(layer.diffId) ?? (await packed(layer, cleanup))
    const isLeftOut = since?.diffIds.has(layer.diffId) === true
    layers.push({
      descriptor: {...descriptor, mediaType: ociLayerType(descriptor.mediaType)},
      read: isLeftOut ? undefined : read,
    })
  }
  const config = configFile(image)
  const manifest = manifestFile(
    config,
    layers.map(({descriptor}) => descriptor),
    OCI,
  )
  const without = image.layers.flatMap(({diffId}, at) => (layers[at]?.read === undefined ? [diffId] : []))
  const ofSince = since && {[SINCE_ANNOTATION]: since.name, [WITHOUT_ANNOTATION]: JSON.stringify(without)}
  const manifests = names.map((name) => ({
    ...manifest.descriptor,
    annotations: {...nameAnnotations(name), ...(without.length > 0 && ofSince)},
  }))
  const forLoad = [
    {
      Config: blobPath(sha256Digest(config)),
      RepoTags: names.map(formatReference),
      Layers: layers.map(({descriptor}) => blobPath(descriptor.digest)),
    },
  ]
  const files = [
    ...layoutFiles({config, layers, manifest, manifests}),
    fileOf('manifest.json', JSON.stringify(forLoad)),
  ]
  return {
    id: manifest.descriptor.digest,
    size: sizeOfFiles(files),
    read: () => tarOfFiles(files),
  }
}

async function packed(layer: Layer, cleanup: Cleanup): Promise<LayoutLayer> {
  const {digest, read, size} = layer.compressed ?? (await compress(layer.uncompressed(), {cleanup})).compressed
  return {descriptor: {mediaType: OCI.layer, digest, size}, read}
}

/** The names as containerd writes them, so that `docker load` gives them to the image. */
function nameAnnotations({registry, repository, tag}: Reference): Record<string, string> {
  return {
    'io.containerd.image.name': `${registry}/${repository}:${tag ?? 'latest'}`,
    'org.opencontainers.image.ref.name': tag ?? 'latest',
  }
}
