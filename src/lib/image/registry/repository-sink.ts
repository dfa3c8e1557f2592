import {Slots} from '../../async/slots.js'
import {isDigest, type Digest, type Reference, type Tag} from '../../reference/reference.js'
import type {RegistryClient} from '../../registry/client/registry-client.js'
import {RegistryFailure} from '../../registry/client/registry-failure.js'
import {digesting, sha256Digest, tee} from '../../tar/bytes.js'
import type {Compressor} from '../archive/compression.js'
import type {EncodedTar} from '../archive/encoded-tar.js'
import {manifestFile, type ManifestFile} from '../archive/layout-files.js'
import {OCI, ociLayerType} from '../archive/media-types.js'
import {configFile} from '../image.js'
import type {Image, Layer} from '../model.js'
import type {StoredImage} from '../store/image-store.js'
import type {KnownBlob, LayerCache} from './layer-cache.js'

/** A blob of a registry, for a layer. */
export type SentBlob = Omit<KnownBlob, 'repositories'>

export interface RepositorySinkOptions {
  readonly client: RegistryClient
  readonly reference: Reference
  readonly cache: LayerCache
  readonly compressor: Compressor
  /** The commit that stored layers are read from. */
  readonly commit: Pick<StoredImage, 'blobs' | 'keep' | 'view'>
  /** Blobs that registries are known to have, by the diffIDs of their layers. */
  readonly known: (diffId: string) => Promise<readonly KnownBlob[]>
  /** Ends everything; with the first failure as its reason, if there is one. */
  readonly stop: AbortController
  /** Called with the bytes as they are sent; with a negative number for those that have to be sent again. */
  readonly onBytes: (bytes: number) => void
}

interface UploadStreamOptions {
  /** The diffID of a layer that was read before, and can be read again: what is sent must be the same. */
  readonly expected?: string
  /** Called with the number of bytes of the tar done so far. */
  readonly onTarBytes?: ((bytes: number) => void) | undefined
}

/** How many layers are sent at once, and how many are looked for. */
const PARALLEL_UPLOADS = 3
const PARALLEL_QUESTIONS = 6

/**
 * Sends an image into one repository of a registry: layers that it does not have, then configuration and manifest. What it has, or
 * another repository of the registry has, is neither compressed nor sent. The image has no tag until `tag` is called.
 */
export class RepositorySink {
  readonly #uploads = new Slots(PARALLEL_UPLOADS)
  readonly #questions = new Slots(PARALLEL_QUESTIONS)
  readonly #blobs = new Map<string, Promise<SentBlob>>()
  #sent = 0
  #manifest: ManifestFile | undefined
  #isTagged = false

  constructor(private readonly options: RepositorySinkOptions) {}

  get reference(): Reference {
    return this.options.reference
  }

  /** How many layers were sent: the registry had all others. */
  get sentLayers(): number {
    return this.#sent
  }

  /** The digest of the manifest. */
  get digest(): Digest {
    if (this.#manifest === undefined) throw new Error('the image is not complete')
    return asDigest(this.#manifest.descriptor.digest)
  }

  /** Starts to send layers. Whoever awaits `finish` gets the failure. */
  send(layers: readonly Layer[]): void {
    const fresh = layers.filter(({diffId}) => !this.#blobs.has(diffId))
    const unique = [...new Map(fresh.map((layer) => [layer.diffId, layer])).values()]
    const sending = this.#sendAll(unique)
    sending.catch(() => undefined)
    for (const {diffId} of unique) {
      const blob = sending.then((blobs) => blobs.get(diffId)).then((found) => found ?? notSent(diffId))
      blob.catch(() => undefined)
      this.#blobs.set(diffId, blob)
    }
  }

  /**
   * Sends a layer while it is read for the first time, before anybody knows whether the registry has it.
   * @throws RegistryFailure, `upload-lost` if it has to be read and sent again
   */
  async sendFirst(tar: AsyncIterable<Buffer>, onTarBytes?: (bytes: number) => void): Promise<EncodedTar> {
    const {blob, diffId, size} = await this.#uploads.run(() => this.#uploadStream(() => tar, {onTarBytes}))
    this.#sent++
    this.#blobs.set(diffId, Promise.resolve(blob))
    await this.#remember(diffId, blob)
    return {diffId, size, compressed: undefined}
  }

  /** The blob of a layer that was sent. */
  async blobOf(diffId: string): Promise<SentBlob> {
    return (await this.#blobs.get(diffId)) ?? notSent(diffId)
  }

  /** Waits for everything that was started, whatever becomes of it. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#blobs.values())
  }

  /** Sends what is missing of an image, and its manifest, without a tag. */
  async finish(image: Image): Promise<void> {
    const {cache, client} = this.options
    this.send(image.layers)
    const blobs = await Promise.all(image.layers.map(({diffId}) => this.blobOf(diffId)))
    const config = configFile(image)
    const digest = asDigest(sha256Digest(config))
    await client.blobs.upload({digest, size: config.length, open: () => [config]})
    const manifest = manifestFile(
      config,
      blobs.map(({mediaType, ...blob}) => ({mediaType: ociLayerType(mediaType), ...blob})),
      OCI,
    )
    const {mediaType} = manifest.descriptor
    await client.manifests.put(asDigest(manifest.descriptor.digest), {bytes: manifest.content, mediaType})
    this.#manifest = manifest
    for (const [index, blob] of blobs.entries()) await this.#remember(image.layers[index]?.diffId ?? '', blob)
    await cache.tidy()
  }

  /** Gives the image a tag. */
  async tag(tag: Tag): Promise<Digest> {
    const manifest = this.#manifest
    if (manifest === undefined) throw new Error('an image that is not complete cannot be tagged')
    const {client, stop} = this.options
    stop.signal.throwIfAborted()
    const wasTagged = this.#isTagged
    // If the answer is lost, the registry may have the tag.
    this.#isTagged = true
    try {
      return await client.manifests.put(tag, {bytes: manifest.content, mediaType: manifest.descriptor.mediaType})
    } catch (error) {
      if (error instanceof RegistryFailure && error.status >= 400 && error.status < 500) this.#isTagged = wasTagged
      throw error
    }
  }

  /** Removes the manifest again if it has no tag: registries remove what no manifest names. @param client one that still works */
  async takeBack(client: RegistryClient): Promise<void> {
    if (this.#manifest !== undefined && !this.#isTagged) await client.manifests.delete(this.digest)
  }

  async #sendAll(layers: readonly Layer[]): Promise<ReadonlyMap<string, SentBlob>> {
    const found = new Map<string, SentBlob>()
    await this.#all(
      layers.map((layer) =>
        this.#questions.run(async () => {
          const blob = await this.#find(layer)
          if (blob !== undefined) found.set(layer.diffId, blob)
        }),
      ),
    )
    const missing = layers.filter(({diffId}) => !found.has(diffId))
    const stored = await this.#readStored(missing)
    await this.#all(
      missing.map((layer) =>
        this.#uploads.run(async () => {
          const blob = await this.#upload(layer, stored.get(layer.diffId))
          found.set(layer.diffId, blob)
          this.#sent++
          // If the rest fails, this layer need not be sent again.
          await this.#remember(layer.diffId, blob)
        }),
      ),
    )
    return found
  }

  /** The blob of a layer, if the registry has it: in the repository by now, or in another one. */
  async #find(layer: Layer): Promise<SentBlob | undefined> {
    const {client, known, reference} = this.options
    for (const {repositories, ...blob} of await candidates(layer, known)) {
      const stored = await client.blobs.head(blob.digest)
      if (stored !== undefined && (stored.size ?? blob.size) === blob.size) return blob
      const others = repositories.filter(
        ({registry, repository}) => registry === reference.registry && repository !== reference.repository,
      )
      for (const {repository} of others.slice(0, MAX_MOUNTS)) {
        const mounted = await client.blobs.mount(blob.digest, repository)
        if (mounted.kind === 'mounted') return blob
        if (mounted.kind === 'upload') await mounted.session[Symbol.asyncDispose]()
      }
    }
    return undefined
  }

  /** Reads layers from the engine in one pass: blobs as they are, from a store that keeps blobs. */
  async #readStored(layers: readonly Layer[]): Promise<ReadonlyMap<string, () => AsyncIterable<Buffer>>> {
    const {commit, stop} = this.options
    const stored = layers.filter(({compressed, stored}) => stored !== undefined && compressed === undefined)
    if (stored.length === 0) return new Map()
    const wanted = new Set(stored.map(({diffId}) => diffId))
    stop.signal.throwIfAborted()
    if (stored.some((layer) => layer.stored?.descriptor === undefined)) {
      await commit.keep(wanted)
      return new Map()
    }
    const leftOut = new Set(commit.view.layers.map(({diffId}) => diffId).filter((diffId) => !wanted.has(diffId)))
    const blobs = await commit.blobs({leftOut})
    return new Map([...blobs].flatMap(([diffId, {read}]) => (read === undefined ? [] : [[diffId, read] as const])))
  }

  /** @param blob what the engine has for it, if it keeps blobs */
  async #upload(layer: Layer, blob: (() => AsyncIterable<Buffer>) | undefined): Promise<SentBlob> {
    const {compressed, stored} = layer
    if (compressed !== undefined) {
      const {digest, read, size} = compressed
      return this.#uploadWhole({mediaType: OCI.layer, digest: asDigest(digest), size}, read)
    }
    const descriptor = stored?.descriptor
    if (blob === undefined || descriptor === undefined) return this.#uploadCompressed(layer)
    const {digest, mediaType, size} = descriptor
    return this.#uploadWhole({mediaType: ociLayerType(mediaType), digest: asDigest(digest), size}, blob)
  }

  async #uploadWhole(blob: SentBlob, open: () => AsyncIterable<Buffer>): Promise<SentBlob> {
    const {client, onBytes} = this.options
    const {digest, size} = blob
    if ((await client.blobs.head(digest)) === undefined) await client.blobs.upload({digest, size, open, onBytes})
    return blob
  }

  async #uploadCompressed({diffId, uncompressed}: Layer): Promise<SentBlob> {
    const {blob} = await this.#uploadStream(uncompressed, {expected: diffId})
    return blob
  }

  /**
   * Compresses a layer while it is sent: no file is written.
   * @param open the tar
   */
  async #uploadStream(
    open: () => AsyncIterable<Buffer>,
    {expected, onTarBytes}: UploadStreamOptions,
  ): Promise<{readonly blob: SentBlob; readonly diffId: string; readonly size: number}> {
    const {client, compressor, onBytes, stop} = this.options
    const {compress, mediaType} = compressor
    let [size, packedSize, diffId] = [0, 0, '']
    const pack = (): ReturnType<typeof digesting> => {
      size = packedSize = 0
      const count = ({length}: Buffer): void => {
        stop.signal.throwIfAborted()
        size += length
        onTarBytes?.(size)
      }
      const plain = digesting(tee(open(), count))
      const checked = async function* (): AsyncGenerator<Buffer> {
        yield* plain.chunks
        diffId = plain.digest()
        if (diffId !== (expected ?? diffId)) throw new Error(`the layer ${expected ?? ''} changed while it was sent`)
      }
      return digesting(tee(compress(checked()), ({length}) => (packedSize += length)))
    }
    let packed = pack()
    const readFrom = (offset: number): AsyncIterable<Buffer> => {
      packed = pack()
      return from(offset, packed.chunks)
    }
    const digest = await client.blobs.uploadStream({
      content: packed.chunks,
      digest: () => asDigest(packed.digest()),
      ...(expected !== undefined && {readFrom}),
      onBytes,
    })
    return {blob: {mediaType, digest, size: packedSize}, diffId, size}
  }

  /** Waits until all have ended; the first failure ends the others. */
  async #all(works: readonly Promise<void>[]): Promise<void> {
    const {stop} = this.options
    for (const work of works) work.catch((error: unknown) => stop.abort(error))
    const all = Promise.all(works)
    all.catch(() => undefined)
    await Promise.allSettled(works)
    await all
  }

  async #remember(diffId: string, blob: SentBlob): Promise<void> {
    const {registry, repository} = this.options.reference
    await this.options.cache.add(diffId, blob, {registry, repository})
  }
}

/** From how many repositories a blob is tried to be mounted. */
const MAX_MOUNTS = 3

/** The blobs that a layer may have, those that are certain first. */
async function candidates(layer: Layer, known: RepositorySinkOptions['known']): Promise<readonly KnownBlob[]> {
  const remembered = await known(layer.diffId)
  const {compressed, stored} = layer
  const own = compressed
    ? {mediaType: OCI.layer, digest: compressed.digest, size: compressed.size}
    : stored?.descriptor && {...stored.descriptor, mediaType: ociLayerType(stored.descriptor.mediaType)}
  if (own === undefined || !isDigest(own.digest)) return remembered
  const {digest} = own
  const repositories = remembered.find((each) => each.digest === digest)?.repositories ?? []
  return [{...own, digest, repositories}, ...remembered.filter((each) => each.digest !== digest)]
}

/** A stream from an offset on. */
async function* from(offset: number, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let skip = offset
  for await (const chunk of source) {
    const rest = chunk.subarray(Math.min(skip, chunk.length))
    skip -= chunk.length - rest.length
    if (rest.length > 0) yield rest
  }
}

function asDigest(text: string): Digest {
  if (isDigest(text)) return text
  throw new Error(`not a digest: ${text}`)
}

function notSent(diffId: string): never {
  throw new Error(`the layer ${diffId} was not sent`)
}
