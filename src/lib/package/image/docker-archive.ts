import {sha256Digest} from '../bytes.js'
import {configFile, type Image} from './image.js'
import {fileOf, tarOfFiles, type ArchiveFile} from './tar-of-files.js'

/**
 * An image as `docker load` takes it into a classic image store (Docker image specification v1.2, "Combined Image JSON +
 * Filesystem Changeset Format"). Layers the engine has are named and left out: it looks each chain of layers up first and
 * opens a layer's file only when it is unknown. The image gets no tag.
 * @returns the id the image will have, and the archive.
 */
export function dockerArchive(image: Image): {id: string; read: () => AsyncGenerator<Buffer>} {
  const config = configFile(image)
  const id = sha256Digest(config)
  const configPath = `${id.replace('sha256:', '')}.json`
  const layerPath = (diffId: string): string => `${diffId.replace(':', '-')}/layer.tar`
  const manifest = [{Config: configPath, RepoTags: null, Layers: image.layers.map(({diffId}) => layerPath(diffId))}]
  const files: ArchiveFile[] = [fileOf('manifest.json', JSON.stringify(manifest)), fileOf(configPath, config)]
  for (const {content, diffId} of image.layers)
    if (content.kind === 'tar') files.push({path: layerPath(diffId), size: content.size, read: content.read})
  return {id, read: () => tarOfFiles(files)}
}
