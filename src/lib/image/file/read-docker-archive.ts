import {LookAhead} from '../../async/look-ahead.js'
import {listProperty, property} from '../../json/json.js'
import {digesting} from '../../tar/bytes.js'
import type {LayoutLayer} from '../archive/layout-files.js'
import {OCI, OCI_TAR} from '../archive/media-types.js'
import {compressionOf, gunzipped, isDecompressionError} from '../archive/unpack.js'
import {fileHasSeveral} from './file-error.js'
import type {LayoutImage} from './read-layout.js'
import type {TarFile, TarFiles} from './tar-files.js'

/**
 * Reads the documents of an archive with a `manifest.json` and one image (Docker image specification v1.2, "Combined Image JSON +
 * Filesystem Changeset Format"), as docker save up to Engine 24 and skopeo write it. The layers are hashed: nothing else in it has
 * a digest of what they hold.
 * @throws FailedError `file-invalid`, `file-several`; RefusedError `file-damaged`
 */
export async function readDockerArchive(files: TarFiles, path: string): Promise<LayoutImage> {
  const images = (await files.document('manifest.json'))?.value
  if (!Array.isArray(images) || images.length === 0) throw files.invalid('its manifest.json lists no image')
  const all: readonly unknown[] = images
  const names = all.map((image) => listProperty(image, 'RepoTags').filter((name) => typeof name === 'string'))
  const configPaths = all.map((image) => property(image, 'Config'))
  const [configPath] = configPaths
  if (configPaths.some((other) => other !== configPath))
    throw fileHasSeveral(
      path,
      configPaths.map((each, at) => names[at]?.[0] ?? String(each)),
    )
  const configFile = typeof configPath === 'string' ? files.file(configPath) : undefined
  const document = configFile && (await files.document(configFile.path))
  if (configFile === undefined || document === undefined) throw files.invalid('it lacks the configuration of its image')
  checkName(files, configFile)
  const diffIds = listProperty(property(document.value, 'rootfs'), 'diff_ids')
  const layers: LayoutLayer[] = []
  for (const [at, layerPath] of listProperty(all[0], 'Layers').entries()) {
    const file = typeof layerPath === 'string' ? files.file(layerPath) : undefined
    if (file === undefined) throw files.invalid(`it lacks the layer ${String(layerPath)}`)
    layers.push(await layerOf(files, file, diffIds[at]))
  }
  return {config: document.content, manifest: undefined, layers, names: names.flat(), since: undefined, without: []}
}

/** The name of a configuration is its digest. */
function checkName(files: TarFiles, {digest, path}: TarFile): void {
  const named = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(path)?.[1]
  if (named !== undefined && digest !== `sha256:${named}`) throw files.damaged('its configuration has other content')
}

async function layerOf(files: TarFiles, file: TarFile, diffId: unknown): Promise<LayoutLayer> {
  const {digest, size} = file
  const read = (): AsyncGenerator<Buffer> => files.read(file)
  if (digest === diffId) return {descriptor: {mediaType: OCI_TAR, digest, size}, read}
  if ((await compressionOf(new LookAhead(read()))) === 'gzip' && (await digestOfGzip(read())) === diffId)
    return {descriptor: {mediaType: OCI.layer, digest, size}, read}
  throw files.damaged(`the layer ${String(diffId)} has other content`)
}

/** @returns undefined if it cannot be decompressed */
async function digestOfGzip(content: AsyncIterable<Buffer>): Promise<string | undefined> {
  const {chunks, digest} = digesting(gunzipped(content))
  try {
    while ((await chunks.next()).done !== true);
    return digest()
  } catch (error) {
    if (isDecompressionError(error)) return undefined
    throw error
  }
}
