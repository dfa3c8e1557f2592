import type {ImageFile} from '../file/model.js'
import {chainIds} from '../image.js'
import type {Layer} from '../model.js'
import type {LoadableArchive} from './image-archive.js'
import {fileOf, sizeOfFiles, tarOfFiles, type ArchiveFile} from './tar-of-files.js'

/**
 * An image from a file in the form that `docker load` accepts into a classic image store, as dockerArchive writes it. Engines
 * decompress layers themselves.
 * @param held layers of an image in the engine that has what the file leaves out; one above other layers than there is sent again
 */
export async function dockerArchiveOfFile(
  {config, id, layers}: ImageFile,
  held: readonly Layer[],
): Promise<LoadableArchive> {
  const configPath = `${id.replace('sha256:', '')}.json`
  const layerPath = (diffId: string): string => `${diffId.replace(':', '-')}/layer.tar`
  const manifest = [{Config: configPath, RepoTags: null, Layers: layers.map(({diffId}) => layerPath(diffId))}]
  const files = new Map<string, ArchiveFile>([
    ['manifest.json', fileOf('manifest.json', JSON.stringify(manifest))],
    [configPath, fileOf(configPath, config)],
  ])
  const chains = chainIds(layers.map(({diffId}) => diffId))
  for (const [index, {descriptor, diffId, read}] of layers.entries()) {
    const path = layerPath(diffId)
    const holder = held.find((layer) => layer.diffId === diffId)
    if (read !== undefined) files.set(path, {path, size: descriptor.size, read})
    else if (holder !== undefined && !held.some(({stored}) => stored?.chainId === chains[index]))
      files.set(path, {path, size: await holder.size(), read: holder.uncompressed})
  }
  const all = [...files.values()]
  return {
    id,
    size: sizeOfFiles(all),
    read: () => tarOfFiles(all),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
