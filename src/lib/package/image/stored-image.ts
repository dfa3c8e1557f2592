import type {Engine} from '../../engine/engine.js'
import type {ImageDetails} from '../../engine/types.js'
import {FailedError} from '../../error/keg-error.js'
import {listProperty, parseJson, property} from '../../json/json.js'
import {readTar, type TarEntry} from '../../tar/read-tar.js'
import {digesting, sha256Digest} from '../bytes.js'
import {Spool} from '../spool.js'
import {stepsFrom, type Steps} from './history.js'
import type {Descriptor, HistoryEntry, ImageLayer} from './image.js'

/** The layers an engine keeps of an image, and the steps they were made in. */
export interface StoredImage {
  readonly layers: readonly ImageLayer[]
  readonly emptyHistory: Steps['empty']
}

/**
 * Reads how an image is made up. A classic store answers that by its API; a containerd store keeps compressed blobs, and
 * only an export tells their digests.
 */
export async function readStoredImage(engine: Engine, image: ImageDetails, signal?: AbortSignal): Promise<StoredImage> {
  const diffIds = image.RootFS.Layers ?? []
  if (engine.imageStore === 'graph') {
    const rows = [...(await engine.imageHistory(image.Id))].reverse()
    const entries = rows.map((row) => ({
      history: {
        created: new Date(row.Created * 1000).toISOString(),
        created_by: row.CreatedBy,
        ...(row.Comment === '' ? {} : {comment: row.Comment}),
      },
      empty: row.Size > 0 ? false : undefined,
    }))
    return assemble(diffIds, stepsFrom(entries, diffIds.length), undefined)
  }
  const documents = await readDocuments(await engine.saveImage(image.Id, signal))
  const manifest = findManifest(documents, image.Id, diffIds)
  const history = listProperty(manifest.config, 'history').map((entry) => ({
    history: historyEntry(entry),
    empty: property(entry, 'empty_layer') === true,
  }))
  return assemble(diffIds, stepsFrom(history, diffIds.length), manifest.layers)
}

function assemble(
  diffIds: readonly string[],
  steps: Steps,
  descriptors: readonly Descriptor[] | undefined,
): StoredImage {
  const layers = diffIds.map((diffId, index): ImageLayer => {
    const history = steps.layers[index] ?? {created: new Date(0).toISOString(), created_by: ''}
    return {diffId, history, content: {kind: 'stored', descriptor: descriptors?.[index]}}
  })
  return {layers, emptyHistory: steps.empty}
}

/** A JSON file of an export is a manifest, an index or a configuration, and never larger than this. */
export const LARGEST_DOCUMENT = 4 * 1024 * 1024

/** All JSON files of an image export, by the digest of their bytes. */
async function readDocuments(archive: AsyncIterable<Buffer>): Promise<Map<string, unknown>> {
  const documents = new Map<string, unknown>()
  for await (const entry of readTar(archive)) {
    if (entry.header.type !== 'file' || entry.header.size > LARGEST_DOCUMENT) continue
    const bytes = await contentOf(entry)
    if (bytes[0] !== 0x7b) continue
    // A layer may happen to begin like JSON: it is no document.
    const value = parseJson(bytes.toString('utf8'))
    if (value !== undefined) documents.set(sha256Digest(bytes), value)
  }
  return documents
}

/** The manifest of an image: the one with the image's id, or that of an index whose configuration has the image's layers. */
export function findManifest(
  documents: ReadonlyMap<string, unknown>,
  id: string,
  diffIds: readonly string[],
): {layers: Descriptor[]; config: unknown} {
  const candidates = [documents.get(id), ...documents.values()]
  for (const candidate of candidates) {
    const layers = listProperty(candidate, 'layers')
    const configDigest = property(property(candidate, 'config'), 'digest')
    const config = typeof configDigest === 'string' ? documents.get(configDigest) : undefined
    const found = listProperty(property(config, 'rootfs'), 'diff_ids')
    if (layers.length !== diffIds.length || found.some((diffId, index) => diffId !== diffIds[index])) continue
    if (found.length === diffIds.length) return {layers: layers.map(descriptorOf), config}
  }
  throw new FailedError('The engine does not hand out the manifest of the image it made.', {
    code: 'manifest-missing',
    hint: 'Is its image store whole? docker image inspect of the base image may say more.',
  })
}

/**
 * Takes single layers out of an image, by their diffIDs, as uncompressed tars in temporary files. Only for classic stores:
 * their export holds layers uncompressed, so that a layer's digest tells which it is.
 */
export async function extractLayers(
  engine: Engine,
  image: string,
  diffIds: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<Map<string, Spool>> {
  const found = new Map<string, Spool>()
  let spool = await Spool.create()
  try {
    for await (const entry of readTar(await engine.saveImage(image, signal))) {
      if (entry.header.type !== 'file' || !/(?:\/layer\.tar|^blobs\/sha256\/[0-9a-f]{64})$/.test(entry.header.path))
        continue
      const layer = digesting(entry.content)
      await spool.clear()
      await spool.writeAll(layer.chunks)
      const diffId = layer.digest()
      if (!diffIds.has(diffId) || found.has(diffId)) continue
      found.set(diffId, spool)
      spool = await Spool.create()
    }
    const missing = [...diffIds].find((diffId) => !found.has(diffId))
    if (missing !== undefined)
      throw new FailedError(`The engine does not hand out the layer ${missing}.`, {
        code: 'layer-missing',
        hint: 'Is its image store whole? docker image inspect of the base image may say more.',
      })
    return found
  } catch (error) {
    await Promise.all([...found.values()].map((each) => each[Symbol.asyncDispose]()))
    throw error
  } finally {
    await spool[Symbol.asyncDispose]()
  }
}

/** Takes one blob out of an image export, as it is kept. */
export async function extractBlob(
  engine: Engine,
  image: string,
  digest: string,
  signal?: AbortSignal,
): Promise<Spool | undefined> {
  for await (const entry of readTar(await engine.saveImage(image, signal))) {
    if (entry.header.path !== `blobs/${digest.replace(':', '/')}`) continue
    const spool = await Spool.create()
    try {
      await spool.writeAll(entry.content)
      return spool
    } catch (error) {
      await spool[Symbol.asyncDispose]()
      throw error
    }
  }
  return undefined
}

async function contentOf({content}: TarEntry): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of content) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function historyEntry(entry: unknown): HistoryEntry {
  const text = (name: string): string | undefined => {
    const value = property(entry, name)
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const [author, comment] = [text('author'), text('comment')]
  return {
    created: text('created') ?? new Date(0).toISOString(),
    created_by: text('created_by') ?? '',
    ...(author !== undefined && {author}),
    ...(comment !== undefined && {comment}),
  }
}

function descriptorOf(value: unknown): Descriptor {
  const [mediaType, digest, size] = [property(value, 'mediaType'), property(value, 'digest'), property(value, 'size')]
  if (typeof mediaType !== 'string' || typeof digest !== 'string' || typeof size !== 'number')
    throw new FailedError('The manifest of the image cannot be read.', {
      code: 'manifest-invalid',
      hint: 'Build the base image again.',
    })
  return {mediaType, digest, size}
}
