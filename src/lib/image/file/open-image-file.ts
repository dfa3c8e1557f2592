import {open, stat, type FileHandle} from 'node:fs/promises'
import {resolve} from 'node:path'
import {listProperty, parseJson, property} from '../../json/json.js'
import {sha256Digest} from '../../tar/bytes.js'
import {printable} from '../../terminal/text.js'
import type {Work} from '../../work/work.js'
import {fileInvalid, fileMissing, fileUnreadable} from './file-error.js'
import {imageDetails} from './image-details.js'
import type {ImageFile, ReadableLayer} from './model.js'
import {readDockerArchive} from './read-docker-archive.js'
import {readLayout, type LayoutImage} from './read-layout.js'
import {TarFiles} from './tar-files.js'

/** A file to read an image from, already open. */
export interface OpenFile {
  /** For messages. */
  readonly path: string
  readonly handle: Pick<FileHandle, 'read'>
  /** Its bytes. */
  readonly size: number
}

/**
 * Opens a file with an image, and checks it: it is read once, and every blob in it is hashed.
 * @param path from the current folder
 * @throws UsageError `file-missing`; what readImageFile throws
 */
export async function openImageFile(
  work: Pick<Work, 'folder' | 'progress' | 'signal'>,
  path: string,
): Promise<ImageFile> {
  const place = resolve(work.folder, path)
  const info = await stat(place).catch(() => undefined)
  if (info?.isFile() !== true) throw fileMissing(path)
  const handle = await open(place, 'r').catch((error: unknown) => {
    throw fileUnreadable(path, error)
  })
  try {
    const file = await readImageFile(work, {path, handle, size: info.size})
    return {...file, [Symbol.asyncDispose]: () => handle.close()}
  } catch (error) {
    await handle.close()
    throw error
  }
}

/**
 * Reads an image from an open file: an OCI image layout in a tar, or an archive with a `manifest.json`.
 * @throws FailedError `file-invalid`, `file-several`, `file-unreadable`; RefusedError `file-damaged`
 */
export async function readImageFile(
  {progress, signal}: Pick<Work, 'progress' | 'signal'>,
  {handle, path, size}: OpenFile,
): Promise<Omit<ImageFile, typeof Symbol.asyncDispose>> {
  const stage = `Checking ${printable(path)}`
  const onBytes = (done: number): void => progress({stage, state: 'running', done, total: size})
  const files = await TarFiles.of({path, handle, signal, onBytes})
  const image = await readDocuments(files, path)
  const configuration = parseJson(image.config.toString('utf8'))
  const details = imageDetails(sha256Digest(image.config), configuration)
  if (details === undefined) throw fileInvalid(path, 'the configuration in it is not that of an image')
  const layers = matchLayers(path, image, listProperty(property(configuration, 'rootfs'), 'diff_ids'))
  progress({stage, state: 'done', done: size})
  const {config, manifest, names, since} = image
  return {
    ...{config, details, layers, manifest, names, path, since},
    id: details.Id,
    runtime: property(configuration, 'config'),
  }
}

async function readDocuments(files: TarFiles, path: string): Promise<LayoutImage> {
  if (files.file('oci-layout') !== undefined) return readLayout(files, path)
  if (files.file('manifest.json') !== undefined) return readDockerArchive(files, path)
  throw fileInvalid(path, 'it has neither oci-layout nor manifest.json')
}

/** The layers with their diffIDs. One may be missing only if the file says that it leaves it out. */
function matchLayers(
  path: string,
  {layers, without}: LayoutImage,
  diffIds: readonly unknown[],
): readonly ReadableLayer[] {
  if (layers.length !== diffIds.length)
    throw fileInvalid(path, `its manifest has ${layers.length} layers, and its configuration ${diffIds.length}`)
  return layers.map((layer, at) => {
    const diffId = diffIds[at]
    if (typeof diffId !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(diffId))
      throw fileInvalid(path, 'the configuration in it has a layer without a sha256 digest')
    if (layer.read === undefined && !without.includes(diffId))
      throw fileInvalid(path, `the blob ${layer.descriptor.digest} is missing`)
    return {...layer, diffId}
  })
}
