import type {ImageFile} from '../file/model.js'
import type {Layer} from '../model.js'
import type {LoadableArchive} from './image-archive.js'
import {layoutFiles, manifestFile, type LayoutLayer} from './layout-files.js'
import {OCI, ociLayerType} from './media-types.js'
import {sizeOfFiles, tarOfFiles} from './tar-of-files.js'

/**
 * An image from a file as an OCI image layout for a store that keeps blobs. Its manifest stays as it is, unless the store has a
 * layer that the file leaves out as another blob.
 * @param held layers of an image in the engine that has what the file leaves out
 */
export function ociLayoutOfFile({config, layers, manifest: own}: ImageFile, held: readonly Layer[]): LoadableArchive {
  const blobs = layers.map(({descriptor, diffId, read}): LayoutLayer => {
    const holder = read === undefined ? held.find((layer) => layer.diffId === diffId)?.stored?.descriptor : undefined
    return {descriptor: holder ?? descriptor, read}
  })
  const isSame = blobs.every(({descriptor}, index) => descriptor.digest === layers[index]?.descriptor.digest)
  const descriptors = blobs.map(({descriptor}) => ({...descriptor, mediaType: ociLayerType(descriptor.mediaType)}))
  const manifest = isSame && own !== undefined ? own : manifestFile(config, descriptors, OCI)
  const files = layoutFiles({config, manifest, layers: blobs, manifests: [manifest.descriptor]})
  return {
    id: manifest.descriptor.digest,
    size: sizeOfFiles(files),
    read: () => tarOfFiles(files),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
