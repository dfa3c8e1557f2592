import {Slots} from '../../async/slots.js'
import {isDigest, type Digest, type Reference, type Tag} from '../../reference/reference.js'
import type {RegistryClient} from '../../registry/client/registry-client.js'
import {RegistryFailure} from '../../registry/client/registry-failure.js'
import {sha256Digest} from '../../tar/bytes.js'
import type {EncodedTar} from '../archive/encoded-tar.js'
import {manifestFile, type ManifestFile} from '../archive/layout-files.js'
import {OCI, ociLayerType} from '../archive/media-types.js'
import {configFile} from '../image.js'
import type {Descriptor, Image, Layer, MountLayer} from '../model.js'
import type {StoredImage} from '../store/image-store.js'
import type {KnownBlob, LayerCache} from './layer-cache.js'
import {asDigest, LayerUploads, sizeOf, type LayerUploadsOptions, type SentBlob} from './layer-uploads.js'

export interface RepositorySinkOptions extends LayerUploadsOptions {
  readonly cache: LayerCache
  /** The commit that stored layers are read from. */
  readonly commit: Pick<StoredImage, 'blobs' | 'keep' | 'view'>
  /** Blobs that registries are known to have, by the diffIDs of their layers. */
  readonly known: (diffId: string) => Promise<readonly KnownBlob[]>
  /** Ends everything; with the first failure as its reason, if there is one. */
  readonly stop: AbortController
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
  readonly #layers: LayerUploads
  #sent = 0
  #manifest: ManifestFile | undefined
  #isTagged = false
  #isNamed = false

  constructor(private readonly options: RepositorySinkOptions) {
    this.#layers = new LayerUploads(options)
  }

  get reference(): Reference {
    return this.options.reference
  }

  /** How many layers were sent: the registry had all others. */
  get sentLayers(): number {
    return this.#sent
  }

  /** How many bytes of layers that are not complete the registry keeps for another run. */
  get unfinishedBytes(): number {
    return this.#layers.unfinishedBytes
  }

  /** The digest of the manifest. */
  get digest(): Digest {
    return asDigest(this.descriptor.digest)
  }

  /** The descriptor of the manifest. */
  get descriptor(): Descriptor {
    if (this.#manifest === undefined) throw new Error('the image is not complete')
    return this.#manifest.descriptor
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
   * @param place where it comes from, the same for each package
   * @throws RegistryFailure, `upload-lost` if it has to be read and sent again
   */
  async sendFirst(tar: AsyncIterable<Buffer>, place: string): Promise<EncodedTar> {
    const progress = this.options.progress.add({})
    const {blob, diffId, size} = await this.#uploads.run(() => this.#layers.first(tar, place, progress))
    this.#sent++
    this.#blobs.set(diffId, Promise.resolve(blob))
    await this.#remember(diffId, blob)
    return {diffId, size, compressed: undefined}
  }

  /** Whether an earlier run sent a part of a layer from this place. */
  hasUnfinished(place: string): Promise<boolean> {
    return this.#layers.hasUnfinished(place)
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
    const {cache, client, uploads} = this.options
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
    await uploads.tidy()
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

  /** Whether to keep the manifest although it has no tag, because an index names it. */
  keep(isKept: boolean): void {
    this.#isNamed = isKept
  }

  /** Removes the manifest again if it has no tag: registries remove what no manifest names. @param client one that still works */
  async takeBack(client: RegistryClient): Promise<void> {
    if (this.#manifest !== undefined && !this.#isTagged && !this.#isNamed) await client.manifests.delete(this.digest)
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
    await keepTogether(missing)
    const stored = await this.#readStored(missing)
    const waiting = await Promise.all(
      missing.map(async (layer) => ({layer, progress: this.options.progress.add(await sizeOf(layer))})),
    )
    await this.#all(
      waiting.map(({layer, progress}) =>
        this.#uploads.run(async () => {
          const blob = await this.#layers.upload(layer, stored.get(layer.diffId), progress)
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

/** Has layers of one mount read in one pass. */
async function keepTogether(layers: readonly Layer[]): Promise<void> {
  const together = new Map<NonNullable<MountLayer['keep']>, Set<string>>()
  for (const layer of layers)
    if (layer.kind === 'mount' && layer.keep !== undefined)
      together.set(layer.keep, (together.get(layer.keep) ?? new Set()).add(layer.diffId))
  for (const [keep, diffIds] of together) await keep(diffIds)
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

function notSent(diffId: string): never {
  throw new Error(`the layer ${diffId} was not sent`)
}
