import {createHash} from 'node:crypto'
import {posix} from 'node:path'
import {Readable} from 'node:stream'
import {buffer} from 'node:stream/consumers'
import {pipeline} from 'node:stream/promises'
import {createGunzip} from 'node:zlib'
import type {Engine} from '../../engine/engine.js'
import {EngineError} from '../../engine/engine-error.js'
import type {ImageDetails} from '../../engine/types.js'
import {FailedError} from '../../error/keg-error.js'
import {listProperty, parseJson, property} from '../../json/json.js'
import {readTar} from '../../tar/read-tar.js'
import {textToBytes} from '../../tar/tar-header.js'
import type {ProgressListener} from '../../terminal/progress.js'
import {sha256Digest, tee} from '../bytes.js'
import {findManifest, LARGEST_DOCUMENT} from '../image/stored-image.js'
import {layerDifference, shownPath, type Difference} from './difference.js'
import {entriesOf, EntrySpool} from './entry-spool.js'

/** What is read. */
export interface ReadBackOptions {
  readonly engine: Engine
  readonly image: ImageDetails
  /** Digests of layers, as they are stored, whose files need not be looked at. */
  readonly known?: ReadonlySet<string>
  readonly progress: ProgressListener
  readonly signal: AbortSignal
}

/** A layer as an engine hands it out. */
export interface StoredLayer {
  /** Digest of its bytes as they are stored. */
  readonly digest: string
  /** Digest of the uncompressed tar; undefined where it could not be read as such, or need not be. */
  readonly diffId: string | undefined
  /** Its files; undefined where they could not be read, or need not be. */
  readonly entries: EntrySpool | undefined
  /** Why it could not be read. */
  readonly problem: string | undefined
}

/** An image as an engine hands it out, with its files in temporary files until it is disposed of. */
export interface ReadBack extends AsyncDisposable {
  /** From the bottom, one for each diffID that the image has; undefined where the engine did not hand it out. */
  readonly layers: readonly (StoredLayer | undefined)[]
  /** Whether its configuration (and manifest) is the one that its id is the digest of. */
  readonly configIsRight: boolean
  /** What its configuration says of how it runs, unread. */
  readonly config: unknown
}

/** An engine that does not hand out an image, or not to its end, because something in its store is not what it was. */
export class DamagedImageError extends Error {
  constructor(
    readonly difference: Difference,
    cause?: unknown,
  ) {
    super('The engine finds the image changed in its own store.', {cause})
    this.name = 'DamagedImageError'
  }
}

/**
 * Reads an image back from the engine in one go, as it comes: every layer is hashed, and its files are listed.
 * @throws DamagedImageError when the engine itself says that what it has is not what it was.
 */
export async function readBack(options: ReadBackOptions): Promise<ReadBack> {
  const read = new ArchiveReader(options)
  try {
    await read.all()
    return {...read.assemble(), [Symbol.asyncDispose]: () => read[Symbol.asyncDispose]()}
  } catch (error) {
    await read[Symbol.asyncDispose]()
    const damaged = error instanceof EngineError ? /file integrity checksum failed for "(.*)"/.exec(error.said) : null
    if (damaged === null) throw error
    const path = shownPath(textToBytes(damaged[1] ?? ''))
    throw new DamagedImageError({what: 'changed', path, layer: null, keywords: []}, error)
  }
}

/** The problem of a layer that keg cannot unpack; that its bytes are those the manifest names is known all the same. */
export const ZSTD = 'it is compressed with zstd'

/** What is wrong with a layer as a whole, if anything. @param blob the digest it is stored under, where that is known. */
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

const LAYER_PATH = /(?:\/layer\.tar|^blobs\/sha256\/([0-9a-f]{64}))$/

class ArchiveReader implements AsyncDisposable {
  private readonly documents = new Map<string, unknown>()
  private readonly layers = new Map<string, StoredLayer>()
  /** Paths in the archive that lead to others: engines up to 24 write a layer once and link to it. */
  private readonly links = new Map<string, string>()
  private manifest: unknown
  #bytes = 0

  constructor(private readonly options: ReadBackOptions) {}

  async all(): Promise<void> {
    const {engine, image, progress, signal} = this.options
    progress({stage: STAGE, state: 'running'})
    for await (const {content, header} of readTar(await engine.saveImage(image.Id, signal))) {
      signal.throwIfAborted()
      const {path, size, type} = header
      if (type === 'symlink') this.links.set(path, posix.join(posix.dirname(path), header.link))
      if (type !== 'file') continue
      const bytes = new LookAhead(this.#counted(content))
      const [first] = await bytes.peek(1)
      const document = size <= LARGEST_DOCUMENT && (first === 0x7b || first === 0x5b) ? await buffer(bytes) : undefined
      const value = document && parseJson(document.toString('utf8'))
      if (document !== undefined && value !== undefined) {
        this.documents.set(sha256Digest(document), value)
        if (path === 'manifest.json') this.manifest = value
        continue
      }
      const name = LAYER_PATH.exec(path)
      if (name === null) continue
      const isKnown = this.options.known?.has(`sha256:${name[1] ?? ''}`) === true
      // A layer may happen to begin like JSON.
      this.layers.set(path, await readLayer(document === undefined ? bytes : once(document), isKnown))
    }
    progress({stage: STAGE, state: 'done', done: this.#bytes})
  }

  /** Puts together what was read, in the order of the image. */
  assemble(): Omit<ReadBack, typeof Symbol.asyncDispose> {
    const {engine, image} = this.options
    const diffIds = image.RootFS.Layers ?? []
    const all = [...this.layers.values()]
    if (engine.imageStore === 'containerd') {
      this.#checkEnd()
      const {config, layers} = findManifest(this.documents, image.Id, diffIds)
      const found = layers.map(({digest}) => this.layers.get(`blobs/${digest.replace(':', '/')}`))
      return {layers: found, configIsRight: this.documents.has(image.Id), config: property(config, 'config')}
    }
    const named = listProperty(Array.isArray(this.manifest) ? this.manifest[0] : undefined, 'Layers')
    const found = diffIds.map((diffId, index) => {
      const path = named.length === diffIds.length ? named[index] : undefined
      const byName = typeof path === 'string' ? this.layers.get(this.links.get(path) ?? path) : undefined
      return all.find((layer) => layer.diffId === diffId || layer.digest === diffId) ?? byName
    })
    const config = this.documents.get(image.Id)
    const promised = listProperty(property(config, 'rootfs'), 'diff_ids')
    const isSame = promised.length === diffIds.length && promised.every((diffId, index) => diffId === diffIds[index])
    return {layers: found, configIsRight: isSame, config: property(config, 'config')}
  }

  /** A containerd store ends its archive behind a blob that is not its digest's, as if nothing more were to come (28.5). */
  #checkEnd(): void {
    const [path, last] = [...this.layers].at(-1) ?? []
    if (this.manifest !== undefined || path === undefined || last === undefined) return
    const name = `sha256:${LAYER_PATH.exec(path)?.[1] ?? ''}`
    if (last.digest === name) return
    const keyword = {keyword: 'digest', expected: name, found: last.digest}
    throw new DamagedImageError(layerDifference('changed', name, [keyword]))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const {entries} of this.layers.values()) await entries?.[Symbol.asyncDispose]()
  }

  async *#counted(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of content) {
      this.#bytes += chunk.length
      this.options.progress({stage: STAGE, state: 'running', done: this.#bytes})
      yield chunk
    }
  }
}

const STAGE = 'Reading the image back'

/** Hashes a layer and lists its files. One that is damaged is hashed all the same. */
async function readLayer(source: AsyncIterable<Buffer>, isKnown: boolean): Promise<StoredLayer> {
  const stored = createHash('sha256')
  const bytes = new LookAhead(tee(source, (chunk) => stored.update(chunk)))
  const contents = isKnown ? NOT_READ : await readContents(bytes)
  await bytes.drain()
  return {digest: `sha256:${stored.digest('hex')}`, ...contents}
}

type Contents = Omit<StoredLayer, 'digest'>

const NOT_READ: Contents = {diffId: undefined, entries: undefined, problem: undefined}

async function readContents(bytes: LookAhead): Promise<Contents> {
  const magic = (await bytes.peek(4)).toString('hex')
  if (magic === '28b52ffd') return {...NOT_READ, problem: ZSTD}
  const hash = createHash('sha256')
  const plain = new LookAhead(tee(magic.startsWith('1f8b') ? gunzipped(bytes) : bytes, (chunk) => hash.update(chunk)))
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

/** zlib's own error codes, such as Z_DATA_ERROR. */
function isDecompressionError(error: unknown): boolean {
  return /^Z_/.test(String(property(error, 'code')))
}

// eslint-disable-next-line @typescript-eslint/require-await -- it is read like any other stream
async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

async function* gunzipped(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip()
  const feeding = pipeline(Readable.from(source, {objectMode: false}), gunzip)
  // Whoever reads hears of its failure from the stream itself.
  feeding.catch(() => undefined)
  yield* gunzip as AsyncIterable<Buffer>
}

/** A stream that one can look into, and whose reader may stop in the middle without closing it for the next one. */
class LookAhead implements AsyncIterable<Buffer> {
  readonly #source: AsyncIterator<Buffer>
  #start: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** The first bytes of what is left, fewer only where it ends before. */
  async peek(length: number): Promise<Buffer> {
    while (this.#start.length < length) {
      const next = await this.#source.next()
      if (next.done === true) break
      this.#start = Buffer.concat([this.#start, next.value])
    }
    return this.#start.subarray(0, length)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const start = this.#start
    this.#start = Buffer.alloc(0)
    if (start.length > 0) yield start
    for (let next = await this.#source.next(); next.done !== true; next = await this.#source.next()) yield next.value
  }

  async drain(): Promise<void> {
    this.#start = Buffer.alloc(0)
    while ((await this.#source.next()).done !== true);
  }
}
