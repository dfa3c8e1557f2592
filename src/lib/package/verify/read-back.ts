import {createHash} from 'node:crypto'
import {EngineError} from '../../engine/engine-error.js'
import type {ImageDetails} from '../../engine/types.js'
import {FailedError} from '../../error/keg-error.js'
import {readArchive} from '../../image/archive/read-archive.js'
import {compressionOf, gunzipped, isDecompressionError} from '../../image/archive/unpack.js'
import type {ArrangedImage, FoundLayer} from '../../image/store/image-store.js'
import {imageStoreOf} from '../../image/store/store-of-engine.js'
import {shownPath} from '../../tar/shown-path.js'
import {textToBytes} from '../../tar/tar-header.js'
import {tee} from '../../tar/bytes.js'
import {LookAhead} from '../../async/look-ahead.js'
import {CONFIGURATION_CHANGED, layerDifference, type Difference} from './difference.js'
import {entriesOf, EntrySpool} from './entry-spool.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** Options for reading. */
export interface ReadBackOptions {
  readonly image: ImageDetails
  /** Digests of stored layers whose files need not be checked. */
  readonly known?: ReadonlySet<string>
}

/** A layer as an engine exports it; one that could not or need not be read has no diffID and no entries. */
export interface StoredLayer extends FoundLayer {
  readonly entries: EntrySpool | undefined
  /** Why it could not be read. */
  readonly problem: string | undefined
}

/** An image as an engine exports it, with its files in temporary files until it is disposed of. */
export type ReadBack = ArrangedImage<StoredLayer> & AsyncDisposable

/** Thrown if an engine cannot export an image completely because its store is damaged. */
export class DamagedImageError extends Error {
  constructor(
    readonly difference: Difference,
    cause?: unknown,
  ) {
    super('The engine found that the image changed in its store.', {cause})
    this.name = 'DamagedImageError'
  }
}

/**
 * Reads an image back from the engine in one pass: hashes every layer, and lists its files.
 * @throws DamagedImageError when the engine itself reports that its data is damaged.
 */
export async function readBack(work: EngineWork, options: ReadBackOptions): Promise<ReadBack> {
  const read = new ArchiveReader(work, options)
  try {
    await read.all()
    return {...read.assemble(), [Symbol.asyncDispose]: () => read[Symbol.asyncDispose]()}
  } catch (error) {
    await read[Symbol.asyncDispose]()
    const difference = error instanceof EngineError ? read.damage(error) : undefined
    throw difference === undefined ? error : new DamagedImageError(difference, error)
  }
}

/** The problem of a layer that keg cannot unpack; that its bytes match the manifest is checked anyway. */
export const ZSTD = 'it is compressed with zstd'

/** What is wrong with a layer as a whole, if anything. @param blob the digest it is stored under, if known. */
export function digestDifference(
  diffId: string,
  blob: string | undefined,
  found: StoredLayer | undefined,
): Difference | undefined {
  if (found === undefined) return layerDifference('missing', diffId)
  if (found.diffId === diffId || found.digest === diffId || found.digest === blob) return undefined
  const shown = found.problem ?? found.diffId ?? found.digest
  return layerDifference('changed', diffId, [{keyword: 'digest', expected: diffId, found: shown}])
}

class ArchiveReader implements AsyncDisposable {
  private readonly documents = new Map<string, unknown>()
  private readonly layers = new Map<string, StoredLayer>()
  private readonly links = new Map<string, string>()
  private manifest: unknown
  #bytes = 0

  constructor(
    private readonly work: EngineWork,
    private readonly options: ReadBackOptions,
  ) {}

  async all(): Promise<void> {
    const {engine, progress, signal} = this.work
    const {image, known} = this.options
    progress({stage: STAGE, state: 'running'})
    const archive = tee(await engine.saveImage(image.Id, signal), ({length}) => {
      this.#bytes += length
      progress({stage: STAGE, state: 'running', done: this.#bytes})
    })
    for await (const part of readArchive(archive)) {
      signal.throwIfAborted()
      if (part.kind === 'link') this.links.set(part.path, part.target)
      else if (part.kind === 'document') {
        this.documents.set(part.digest, part.value)
        if (part.path === 'manifest.json') this.manifest = part.value
      } else {
        const isKnown = part.digest !== undefined && known?.has(part.digest) === true
        this.layers.set(part.path, await readLayer(part.content, isKnown))
      }
    }
    progress({stage: STAGE, state: 'done', done: this.#bytes})
  }

  /** Assembles what was read, in the order of the image. */
  assemble(): ArrangedImage<StoredLayer> {
    const {documents, layers, links, manifest} = this
    return imageStoreOf(this.work.engine).arrange(this.options.image, {documents, layers, links, manifest})
  }

  /** What is damaged in the store, if that is why the engine ended the export (tar-split, Go; containerd, content/helpers.go). */
  damage({response}: EngineError): Difference | undefined {
    const path = /file integrity checksum failed for "(.*)"/.exec(response)?.[1]
    if (path !== undefined) return {what: 'changed', path: shownPath(textToBytes(path)), layer: null, keywords: []}
    const found = /\bunexpected digest (sha256:[0-9a-f]{64}) copied$/.exec(response)?.[1]
    if (found === undefined) return undefined
    const [place] = [...this.layers].find(([, {digest}]) => digest === found) ?? []
    if (place === undefined) return CONFIGURATION_CHANGED
    const expected = place.replace(/^blobs\/(\w+)\//, '$1:')
    return layerDifference('changed', expected, [{keyword: 'digest', expected, found}])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const {entries} of this.layers.values()) await entries?.[Symbol.asyncDispose]()
  }
}

const STAGE = 'Reading the image back'

/** Hashes a layer and lists its files. A damaged one is hashed too. @param isKnown whether its files need not be read */
export async function readLayer(source: AsyncIterable<Buffer>, isKnown: boolean): Promise<StoredLayer> {
  const stored = createHash('sha256')
  const bytes = new LookAhead(tee(source, (chunk) => stored.update(chunk)))
  const contents = isKnown ? NOT_READ : await readContents(bytes)
  await bytes.drain()
  return {digest: `sha256:${stored.digest('hex')}`, ...contents}
}

type Contents = Omit<StoredLayer, 'digest'>

const NOT_READ: Contents = {diffId: undefined, entries: undefined, problem: undefined}

async function readContents(bytes: LookAhead): Promise<Contents> {
  const compression = await compressionOf(bytes)
  if (compression === 'zstd') return {...NOT_READ, problem: ZSTD}
  const hash = createHash('sha256')
  const plain = new LookAhead(tee(compression === 'gzip' ? gunzipped(bytes) : bytes, (chunk) => hash.update(chunk)))
  let entries: EntrySpool | undefined
  try {
    entries = await EntrySpool.of(entriesOf(plain))
    return {entries, diffId: `sha256:${hash.digest('hex')}`, problem: undefined}
  } catch (error) {
    if (isDecompressionError(error)) return {...NOT_READ, problem: 'its compression is damaged'}
    if (!(error instanceof FailedError && error.code === 'tar-invalid')) throw error
    try {
      await plain.drain()
    } catch (later) {
      if (isDecompressionError(later)) return {...NOT_READ, problem: 'its compression is damaged'}
      throw later
    }
    return {entries: undefined, diffId: `sha256:${hash.digest('hex')}`, problem: error.message}
  }
}
