import type {EngineWork} from '../../engine/engine-work.js'
import type {ImageDetails} from '../../engine/types.js'
import {formatReference, type Digest, type Reference, type Tag} from '../../reference/reference.js'
import {MORE_TRIES} from '../../registry/client/limits.js'
import {RegistryClient} from '../../registry/client/registry-client.js'
import {findCredentials} from '../../registry/credentials.js'
import type {Credentials} from '../../registry/model.js'
import {RegistryFailure} from '../../registry/client/registry-failure.js'
import {registryError} from '../../registry/registry-error.js'
import {count, formatBytes} from '../../terminal/text.js'
import type {Compressor} from '../archive/compression.js'
import type {Encoder} from '../archive/encoded-tar.js'
import {measure} from '../archive/measure.js'
import type {ReadableImage} from '../file/model.js'
import type {Descriptor, Image, Layer} from '../model.js'
import type {StoredImage} from '../store/image-store.js'
import {findBaseBlobs} from './base-blobs.js'
import {LayerCache, type KnownBlob} from './layer-cache.js'
import {openRegistryImage} from './open-registry-image.js'
import {RepositorySink} from './repository-sink.js'
import {SinkProgress} from './sink-progress.js'
import {UnfinishedUploads} from './unfinished-uploads.js'

export interface RegistrySinkOptions {
  /** The names of the image, each with a tag. */
  readonly names: readonly (Reference & {readonly tag: Tag})[]
  /** The image that the lower layers come from: its own repository may have them. */
  readonly base: ImageDetails
  /** The commit that stored layers are read from. */
  readonly commit: Pick<StoredImage, 'blobs' | 'keep' | 'view'>
  readonly compressor: Compressor
}

type SinkWork = Pick<EngineWork, 'engine' | 'environment' | 'notice' | 'progress' | 'signal'>

/** A repository, and who may send to it. */
interface Target {
  readonly sink: RepositorySink
  readonly client: RegistryClient
  readonly credentials: Credentials
}

/** How long removing a manifest again may take. */
const TAKE_BACK_MILLISECONDS = 5000

/**
 * Sends an image straight into the registries of its names, without the engine: layers as soon as they are known, then the rest, and the
 * tags last. Without tags, nothing of it is left in a registry once this is disposed of but layers that the registry removes by itself.
 */
export class RegistrySink implements AsyncDisposable {
  readonly #stop = new AbortController()
  readonly #cache: LayerCache
  readonly #findingBase = new Map<string, Promise<ReadonlyMap<string, KnownBlob>>>()
  readonly #targets: Target[] = []
  /** Blobs that a repository has got, by their diffIDs. */
  readonly #sentBlobs = new Map<string, KnownBlob>()
  /** Where layers come from. */
  readonly #places = new Set<string>()
  /** The same for layers that were read before they are sent, by their diffIDs. */
  readonly #placeOf = new Map<string, string>()
  readonly #progress = new SinkProgress()
  readonly #uploads: UnfinishedUploads
  #isReporting = false

  private constructor(
    private readonly work: SinkWork,
    private readonly options: RegistrySinkOptions,
  ) {
    this.#cache = new LayerCache(work.environment)
    this.#uploads = new UnfinishedUploads(work.environment)
  }

  /** Nothing is sent yet. @throws what findCredentials throws */
  static async open(work: SinkWork, options: RegistrySinkOptions): Promise<RegistrySink> {
    const sink = new RegistrySink(work, options)
    for (const reference of repositoriesOf(options.names))
      sink.#add(reference, await findCredentials(work, {...reference}))
    return sink
  }

  /** Bytes sent so far. */
  get bytes(): number {
    return this.#progress.sent
  }

  /** Starts to send layers that will be in the image, while others are still made. */
  start(layers: readonly Layer[]): void {
    this.work.progress({stage: this.#stage, state: 'running'})
    this.#targets[0]?.sink.send(layers)
  }

  /**
   * Whether the registry may have layers from a place: otherwise nothing from there was sent to it before, and hardly has it any.
   * @param place where layers come from, the same for each package
   */
  async mayHave(place: string): Promise<boolean> {
    const [target] = this.#targets
    if (target === undefined) return false
    this.#places.add(this.#placeIn(target, place))
    return this.#cache.knowsPlace(this.#placeIn(target, place))
  }

  /**
   * Makes a layer that will be in the image. If nothing from its place was sent to the registry before, that hardly has it: it is
   * sent while it is read for the first time. Otherwise its digest is computed first, also if an earlier run sent a part of it.
   * @param place where the layer comes from, the same for each package
   * @param make makes the layer; called again if the registry lost the upload
   * @throws FailedError with a code of registry-error.ts; what `make` throws
   */
  async make<Made>(place: string, make: (encode: Encoder) => Promise<Made>): Promise<Made> {
    const [target] = this.#targets
    if (target === undefined) return make(measure)
    const key = this.#placeIn(target, place)
    this.#places.add(key)
    const measured: Encoder = async (tar, options) => {
      const layer = await measure(tar, options)
      this.#placeOf.set(layer.diffId, place)
      return layer
    }
    if ((await this.#cache.knowsPlace(key)) || (await target.sink.hasUnfinished(place))) return make(measured)
    try {
      const made = await make((tar) => this.#reporting(() => target.sink.sendFirst(tar, place)))
      // If the rest fails, this layer is looked for before it is sent.
      await this.#cache.addPlace(key)
      return made
    } catch (error) {
      const isLost = error instanceof RegistryFailure && error.kind === 'upload-lost' && !this.#stop.signal.aborted
      if (!isLost) throw this.#failed(error, target)
    }
    return make(measured)
  }

  /**
   * Sends what is missing, without a tag.
   * @throws FailedError with a code of registry-error.ts; what reading the layers throws
   */
  async finish(image: Image): Promise<void> {
    this.#isReporting = true
    for (const target of this.#targets) {
      const {reference} = target.sink
      await this.#explained(target, () => target.sink.finish(image))
      for (const {diffId} of image.layers) {
        const blob = await target.sink.blobOf(diffId)
        const earlier = this.#sentBlobs.get(diffId)?.repositories ?? []
        this.#sentBlobs.set(diffId, {...blob, repositories: [...earlier, reference]})
      }
    }
    for (const place of this.#places) await this.#cache.addPlace(place)
    const sent = this.#targets.reduce((sum, {sink}) => sum + sink.sentLayers, 0)
    const there = image.layers.length * this.#targets.length - sent
    const note =
      there === 0 ? [] : [sent === 0 ? 'every layer was there already' : `${count(there, 'layer')} there already`]
    this.work.progress({stage: this.#stage, state: 'done', done: this.bytes, ...(note[0] && {note: note[0]})})
  }

  /**
   * The image as its first registry has it now.
   * @throws FailedError with a code of registry-error.ts
   */
  async open(): Promise<ReadableImage> {
    const [target] = this.#targets
    if (target === undefined) throw new Error('an image without a registry')
    const {client, sink} = target
    const ofBase = await this.#findingBase.get(sink.reference.registry)
    const image = await this.#explained(target, async () => {
      const manifest = await client.manifests.get(sink.digest)
      const options = {isKnown: (diffId: string) => ofBase?.has(diffId) === true}
      const opened = manifest && (await openRegistryImage(client, manifest, options))
      if (opened === undefined) throw new RegistryFailure('upload-lost', `manifest unknown: ${sink.digest}`)
      return opened
    })
    const explained = (read: () => AsyncIterable<Buffer>): AsyncGenerator<Buffer> => this.#explainedStream(target, read)
    const layers = image.layers.map((layer) => {
      const {read} = layer
      return {...layer, read: read && (() => explained(read))}
    })
    return {...image, layers}
  }

  /**
   * Gives the image one of its names.
   * @param isInEngine whether the engine has the image, too: a failure then says how that pushes it
   * @returns the digest of its manifest
   * @throws FailedError with a code of registry-error.ts
   */
  async tag(name: Reference & {readonly tag: Tag}, isInEngine: boolean): Promise<Digest> {
    this.work.signal.throwIfAborted()
    const target = this.#targets.find(({sink}) => isSameRepository(sink.reference, name))
    if (target === undefined) throw new Error(`no repository for ${formatReference(name)}`)
    return this.#explained(target, () => target.sink.tag(name.tag), isInEngine ? 'image' : 'layers')
  }

  /** The digest of the manifest in the first repository. */
  get digest(): Digest {
    const [target] = this.#targets
    if (target === undefined) throw new Error('an image without a registry')
    return target.sink.digest
  }

  /** The descriptor of the manifest in the repository of a name, for an index. */
  descriptorIn(name: Pick<Reference, 'registry' | 'repository'>): Descriptor {
    const target = this.#targets.find(({sink}) => isSameRepository(sink.reference, name))
    if (target === undefined) throw new Error('no such repository')
    return target.sink.descriptor
  }

  /** Whether to keep the image although it has no tag, because indexes name it. */
  keep(isKept: boolean): void {
    for (const {sink} of this.#targets) sink.keep(isKept)
  }

  /** Cancels uploads, but for those that another run can go on with, and removes what has no tag. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the image is not sent any more'))
    for (const target of this.#targets) {
      await target.sink.settled()
      const signal = AbortSignal.timeout(TAKE_BACK_MILLISECONDS)
      using client = this.#clientOf(target.sink.reference, target.credentials, signal)
      // A registry may not allow it, and removes what has no tag some day anyway.
      await target.sink.takeBack(client).catch(() => undefined)
      target.client[Symbol.dispose]()
    }
    this.#nameUnfinished()
  }

  /** Says what is left in a registry. */
  #nameUnfinished(): void {
    for (const {sink} of this.#targets) {
      const bytes = sink.unfinishedBytes
      if (bytes > 0)
        this.work.notice(
          `${sink.reference.registry} keeps ${formatBytes(bytes)} of unfinished layers. The next package continues from there.`,
        )
    }
  }

  #placeIn({sink}: Target, place: string): string {
    // What one repository has, another can mount.
    return `${sink.reference.registry} ${place}`
  }

  get #stage(): string {
    const [first] = this.options.names
    return `Pushing ${first === undefined ? '' : formatReference(first)}`
  }

  #add(reference: Reference, credentials: Credentials): void {
    const client = this.#clientOf(reference, credentials, AbortSignal.any([this.work.signal, this.#stop.signal]))
    const {commit, compressor} = this.options
    const sink = new RepositorySink({
      ...{client, reference, commit, compressor},
      cache: this.#cache,
      stop: this.#stop,
      uploads: this.#uploads,
      progress: this.#progress,
      known: (diffId) => this.#known(diffId, reference.registry),
      placeOf: (diffId) => this.#placeOf.get(diffId),
      onProgress: () => this.#report(),
    })
    this.#targets.push({sink, client, credentials})
  }

  #clientOf(reference: Reference, credentials: Credentials, signal: AbortSignal): RegistryClient {
    const {engine, environment} = this.work
    return new RegistryClient(
      {environment, signal},
      {reference, credentials, action: 'push', info: engine.facts.info, limits: MORE_TRIES},
    )
  }

  /** What is known of a layer's blobs: those sent already first, then the base image's, then those of earlier images. */
  async #known(diffId: string, registry: string): Promise<readonly KnownBlob[]> {
    const {base, compressor} = this.options
    const {engine, environment, signal} = this.work
    const finding =
      this.#findingBase.get(registry) ??
      findBaseBlobs({environment, signal}, {image: base, info: engine.facts.info, registry})
    // Whoever awaits it gets the failure.
    finding.catch(() => undefined)
    this.#findingBase.set(registry, finding)
    const isOfBase = (base.RootFS.Layers ?? []).includes(diffId)
    const ofBase = isOfBase ? (await finding).get(diffId) : undefined
    const sent = this.#sentBlobs.get(diffId)
    // Not everybody can pull zstd.
    const isWanted = ({mediaType}: KnownBlob): boolean =>
      !mediaType.endsWith('zstd') || mediaType === compressor.mediaType
    const remembered = (await this.#cache.read(diffId)).filter(isWanted)
    return [...(sent ? [sent] : []), ...(ofBase ? [ofBase] : []), ...remembered]
  }

  /** Shows what is sent while a work runs. */
  async #reporting<T>(work: () => Promise<T>): Promise<T> {
    this.#isReporting = true
    try {
      return await work()
    } finally {
      this.#isReporting = false
    }
  }

  #report(): void {
    // Otherwise, other stages are shown.
    if (!this.#isReporting) return
    const {sent, skipped, total} = this.#progress
    const of = total && {total: total.bytes, isEstimate: total.isEstimate}
    const note = skipped > 0 && {note: `${formatBytes(skipped)} were sent before`}
    this.work.progress({stage: this.#stage, state: 'running', done: sent, ...of, ...note})
  }

  /** Runs a work; its failure ends everything else, and is explained to the user. */
  async #explained<T>(target: Target, work: () => Promise<T>, leaves?: 'image' | 'layers'): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw this.#failed(error, target, leaves)
    }
  }

  async *#explainedStream(target: Target, read: () => AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    try {
      yield* read()
    } catch (error) {
      throw this.#failed(error, target)
    }
  }

  #failed(error: unknown, {client, credentials, sink}: Target, leaves: 'image' | 'layers' = 'layers'): unknown {
    this.#stop.abort(error)
    this.work.signal.throwIfAborted()
    const {reference} = sink
    const [name = reference] = this.options.names.filter((each) => isSameRepository(each, reference))
    const {wasAccepted} = client
    return registryError(error, {action: 'push', reference: name, credentials, wasAccepted, leaves})
  }
}

/** The repositories of names, each once. */
function repositoriesOf(names: readonly Reference[]): Reference[] {
  const found: Reference[] = []
  for (const {hostWritten, registry, repository} of names)
    if (!found.some((other) => isSameRepository(other, {registry, repository})))
      found.push({registry, repository, hostWritten})
  return found
}

function isSameRepository(
  one: Pick<Reference, 'registry' | 'repository'>,
  other: Pick<Reference, 'registry' | 'repository'>,
): boolean {
  return one.registry === other.registry && one.repository === other.repository
}
