import {Cleanup} from '../../async/cleanup.js'
import {chainIds, configFile} from '../image.js'
import type {Descriptor, Image, Layer} from '../model.js'
import {compress} from './compress.js'
import type {ImageArchive} from './image-archive.js'
import {layoutFiles, manifestFile, type LayoutLayer} from './layout-files.js'
import {DOCKER, OCI, type MediaTypes} from './media-types.js'
import {sizeOfFiles, tarOfFiles} from './tar-of-files.js'

/** The media types that match those of stored layers. */
export function mediaTypesFor(layers: readonly Layer[]): MediaTypes {
  const isDockers = layers.some(
    ({stored}) => stored?.descriptor?.mediaType.startsWith('application/vnd.docker.') === true,
  )
  return isDockers ? DOCKER : OCI
}

/**
 * An image as an OCI image layout (OCI image-spec 1.1, image-layout.md) for an engine that has the blobs of all stored layers:
 * the manifest names those, and the layout leaves them out. Layers that need compressing are kept in temporary files.
 */
export async function ociLayout(image: Image): Promise<ImageArchive> {
  const mediaTypes = mediaTypesFor(image.layers)
  const cleanup = new Cleanup()
  try {
    const layers: LayoutLayer[] = []
    for (const layer of image.layers) {
      if (layer.stored !== undefined) {
        if (layer.stored.descriptor === undefined) throw new Error(`the blob of layer ${layer.diffId} is not known`)
        layers.push({descriptor: layer.stored.descriptor, read: undefined})
        continue
      }
      const {digest, read, size} = layer.compressed ?? (await compress(layer.uncompressed(), {cleanup})).compressed
      layers.push({descriptor: {mediaType: mediaTypes.layer, digest, size}, read})
    }
    const config = configFile(image)
    const descriptors = layers.map(({descriptor}) => descriptor)
    const manifest = manifestFile(config, descriptors, mediaTypes)
    const files = layoutFiles({config, layers, manifest, manifests: [manifest.descriptor]})
    return {
      id: manifest.descriptor.digest,
      size: sizeOfFiles(files),
      read: () => tarOfFiles(files),
      image: storedAs(image, descriptors),
      [Symbol.asyncDispose]: () => cleanup[Symbol.asyncDispose](),
    }
  } catch (error) {
    await cleanup[Symbol.asyncDispose]()
    throw error
  }
}

/** The image once the engine has its blobs. */
function storedAs(image: Image, blobs: readonly Descriptor[]): Image {
  const chains = chainIds(image.layers.map(({diffId}) => diffId))
  const layers = image.layers.map((layer, index) => ({
    ...layer,
    stored: {chainId: chains[index] ?? layer.diffId, descriptor: blobs[index]},
  }))
  return {...image, layers}
}
