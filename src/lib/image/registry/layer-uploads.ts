import {FailedError} from '../../error/keg-error.js'
import {isDigest, type Digest, type Reference} from '../../reference/reference.js'
import type {RegistryClient} from '../../registry/client/registry-client.js'
import {digesting, tee} from '../../tar/bytes.js'
import type {Compressor} from '../archive/compression.js'
import {OCI, ociLayerType} from '../archive/media-types.js'
import type {Layer} from '../model.js'
import type {KnownBlob} from './layer-cache.js'
import type {BlobProgress, BlobSize, SinkProgress} from './sink-progress.js'
import type {UnfinishedUpload, UnfinishedUploads} from './unfinished-uploads.js'

/** A blob of a registry, for a layer. */
export type SentBlob = Omit<KnownBlob, 'repositories'>

export interface LayerUploadsOptions {
  readonly client: RegistryClient
  readonly reference: Reference
  readonly compressor: Compressor
  /** What earlier runs did not finish. */
  readonly uploads: UnfinishedUploads
  /** Where layers come from that were read before, by their diffIDs. */
  readonly placeOf: (diffId: string) => string | undefined
  /** Ends everything. */
  readonly stop: AbortController
  readonly progress: SinkProgress
  /** Called whenever the progress has changed. */
  readonly onProgress: () => void
}

interface StreamOptions {
  /** The diffID of a layer that was read before, and can be read again: what is sent must be the same. */
  readonly expected?: string
  /** What an earlier run may have sent a part of, the most certain first. */
  readonly contents: readonly string[]
  readonly progress: BlobProgress
}

/** A layer as it is in a registry. */
export interface UploadedLayer {
  readonly blob: SentBlob
  readonly diffId: string
  /** Bytes of the tar. */
  readonly size: number
}

/** Uploads layers into a repository, and goes on with what an earlier run of keg did not finish. All throw RegistryFailure. */
export class LayerUploads {
  readonly #unfinished: UnfinishedUpload[] = []

  constructor(private readonly options: LayerUploadsOptions) {}

  /** How many bytes of layers that are not complete the registry keeps for another run. */
  get unfinishedBytes(): number {
    return this.#unfinished.reduce((sum, {bytes}) => sum + bytes, 0)
  }

  /** Whether an earlier run sent a part of a layer from this place. */
  async hasUnfinished(place: string): Promise<boolean> {
    return (await this.#earlier([place], this.options.compressor.name))?.earlier !== undefined
  }

  /** Uploads a layer that cannot be read again. @param place where it comes from, the same for each package */
  first(tar: AsyncIterable<Buffer>, place: string, progress: BlobProgress): Promise<UploadedLayer> {
    return this.#uploadStream(() => tar, {contents: [place], progress})
  }

  /** Uploads a layer. @param blob what the engine has for it, if it keeps blobs */
  async upload(
    layer: Layer,
    blob: (() => AsyncIterable<Buffer>) | undefined,
    progress: BlobProgress,
  ): Promise<SentBlob> {
    const {compressed, stored} = layer
    if (compressed !== undefined) {
      const {digest, read, size} = compressed
      return this.#uploadWhole({mediaType: OCI.layer, digest: asDigest(digest), size}, {open: read, progress})
    }
    const descriptor = stored?.descriptor
    if (blob === undefined || descriptor === undefined) return this.#uploadCompressed(layer, progress)
    const {digest, mediaType, size} = descriptor
    return this.#uploadWhole(
      {mediaType: ociLayerType(mediaType), digest: asDigest(digest), size},
      {open: blob, progress},
    )
  }

  async #uploadWhole(
    blob: SentBlob,
    {open, progress}: {readonly open: () => AsyncIterable<Buffer>; readonly progress: BlobProgress},
  ): Promise<SentBlob> {
    const {client} = this.options
    const {digest, size} = blob
    if ((await client.blobs.head(digest)) === undefined) {
      const memory = await this.#memory([digest], 'as it is')
      await client.blobs.upload({digest, size, open, ...memory, ...this.#reporting(progress)})
    }
    progress.done()
    return blob
  }

  async #uploadCompressed({diffId, uncompressed}: Layer, progress: BlobProgress): Promise<SentBlob> {
    const place = this.options.placeOf(diffId)
    const contents = [diffId, ...(place === undefined ? [] : [place])]
    return (await this.#uploadStream(uncompressed, {expected: diffId, contents, progress})).blob
  }

  /**
   * Compresses a layer while it is sent: no file is written.
   * @param open the tar
   */
  async #uploadStream(
    open: () => AsyncIterable<Buffer>,
    {contents, expected, progress}: StreamOptions,
  ): Promise<UploadedLayer> {
    const {client, compressor, stop} = this.options
    const {compress, mediaType} = compressor
    let counted = {size: 0, packedSize: 0, diffId: ''}
    const pack = (): AsyncGenerator<Buffer> => {
      // Of its own: the end of a try that was given up may come later.
      const own = {size: 0, packedSize: 0, diffId: ''}
      counted = own
      const count = ({length}: Buffer): void => {
        stop.signal.throwIfAborted()
        own.size += length
      }
      const plain = digesting(tee(open(), count))
      const checked = async function* (): AsyncGenerator<Buffer> {
        yield* plain.chunks
        own.diffId = plain.digest()
        if (own.diffId !== (expected ?? own.diffId)) throw changedMeanwhile()
      }
      return tee(compress(checked()), ({length}) => progress.compressed(own.size, (own.packedSize += length)))
    }
    const digest = await client.blobs.uploadStream({
      content: pack(),
      ...(expected !== undefined && {again: pack}),
      ...(await this.#memory(contents, compressor.name)),
      ...this.#reporting(progress),
    })
    progress.done()
    const {diffId, packedSize, size} = counted
    return {blob: {mediaType, digest, size: packedSize}, diffId, size}
  }

  #reporting(blob: BlobProgress): {
    readonly onBytes: (bytes: number) => void
    readonly onSkip: (bytes: number) => void
  } {
    const {onProgress} = this.options
    return {
      onSkip(bytes) {
        blob.skip(bytes)
        onProgress()
      },
      onBytes(bytes) {
        blob.add(bytes)
        onProgress()
      },
    }
  }

  /** What to remember of an upload; nothing if another keg works on it. */
  async #memory(contents: readonly string[], compression: string): Promise<{readonly memory?: UnfinishedUpload}> {
    const memory = await this.#earlier(contents, compression)
    if (memory === undefined) return {}
    this.#unfinished.push(memory)
    return {memory}
  }

  /** The first of some uploads that an earlier run did not finish; else the first. */
  async #earlier(contents: readonly string[], compression: string): Promise<UnfinishedUpload | undefined> {
    const {reference, uploads} = this.options
    const {registry, repository} = reference
    const found: (UnfinishedUpload | undefined)[] = []
    for (const content of contents) found.push(await uploads.open({registry, repository, content, compression}))
    return found.find((each) => each?.earlier !== undefined) ?? found[0]
  }
}

/** What is known of a blob that a layer becomes. */
export async function sizeOf({compressed, size, stored}: Layer): Promise<BlobSize> {
  if (compressed !== undefined) return {size: compressed.size}
  // The size of what a classic store has is only known once all of it is read.
  return stored === undefined ? {tarSize: await size()} : {size: stored.descriptor?.size}
}

/** A layer is not what it was when its digest was computed: a mount that is not recorded is read each time. */
function changedMeanwhile(): FailedError {
  return new FailedError('A mount changed while it was sent to the registry.', {
    code: 'mount-changed',
    hint: 'Something may write into it, on the host or in another container. Stop what writes, or leave out --pause stream.',
  })
}

export function asDigest(text: string): Digest {
  if (isDigest(text)) return text
  throw new Error(`not a digest: ${text}`)
}
