import {sha256Digest} from '../../tar/bytes.js'
import {chainIds, configFile} from '../image.js'
import type {Image} from '../model.js'
import type {ImageArchive} from './image-archive.js'
import {fileOf, sizeOfFiles, tarOfFiles, type ArchiveFile} from './tar-of-files.js'

/**
 * An image as `docker load` accepts it into a classic image store (Docker image specification v1.2, "Combined Image JSON +
 * Filesystem Changeset Format"). Layers that the engine has on top of the same others are named but left out: it looks up each
 * chain of layers first, and opens a layer's file only if it is unknown. The image gets no tag.
 */
export async function dockerArchive(image: Image): Promise<ImageArchive> {
  const config = configFile(image)
  const id = sha256Digest(config)
  const configPath = `${id.replace('sha256:', '')}.json`
  const layerPath = (diffId: string): string => `${diffId.replace(':', '-')}/layer.tar`
  const manifest = [{Config: configPath, RepoTags: null, Layers: image.layers.map(({diffId}) => layerPath(diffId))}]
  const files: ArchiveFile[] = [fileOf('manifest.json', JSON.stringify(manifest)), fileOf(configPath, config)]
  const chains = chainIds(image.layers.map(({diffId}) => diffId))
  for (const [index, {diffId, size, stored, uncompressed}] of image.layers.entries())
    if (stored === undefined || stored.chainId !== chains[index])
      files.push({path: layerPath(diffId), size: await size(), read: uncompressed})
  return {
    id,
    size: sizeOfFiles(files),
    read: () => tarOfFiles(files),
    image: {
      ...image,
      layers: image.layers.map((layer, index) => ({
        ...layer,
        stored: {chainId: chains[index] ?? layer.diffId, descriptor: undefined},
      })),
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
