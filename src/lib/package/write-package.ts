import type {Engine} from '../engine/engine.js'
import type {ContainerDetails, ImageDetails} from '../engine/types.js'
import {FailedError} from '../error/keg-error.js'
import type {ProgressListener} from '../terminal/progress.js'
import {count} from '../terminal/text.js'
import type {Capture} from './capture/capture.js'
import {EntryList} from './image/entry-list.js'
import {HelperImage} from './capture/helper-image.js'
import {packageConfig} from './image/image-config.js'
import {writeToEngine} from './image/engine-sink.js'
import type {ImageLayer} from './image/image.js'
import {readStoredImage, type StoredImage} from './image/stored-image.js'
import {packageLabels, readMountLayers, type MountLayerLabel, type PackageFacts} from './image/labels.js'
import {destinationsOf} from './mount/mount-selection.js'
import {mountLayer, type MountRecording} from './mount/mount-layer.js'
import {layerFacts} from './mount/layer-facts.js'
import {placeMounts} from './mount/place-mounts.js'
import {takeOverLayers} from './image/replaced-layers.js'

/** A capture, and what its image is to say of itself. */
export interface WritePackageOptions {
  readonly engine: Engine
  readonly container: ContainerDetails
  /** The image the container was made from. */
  readonly base: ImageDetails
  readonly capture: Capture
  /** The mounts that were captured, in the order of its recordings. */
  readonly mounts: readonly {readonly destination: string; readonly type: string}[]
  readonly facts: Omit<PackageFacts, 'mounts' | 'entries' | 'created'>
  readonly run: string
  readonly progress: ProgressListener
  readonly signal: AbortSignal
}

/** An image that was written. */
export interface WrittenPackage {
  readonly image: string
  readonly layers: number
  /** Of the whole image, uncompressed. */
  readonly bytes: number
  /** Files recorded from the mounts. */
  readonly entries: number
  /** Bytes of files by mount. */
  readonly bytesOf: ReadonlyMap<string, number>
}

/** A layer made of a recorded mount. */
interface NewLayer {
  readonly layer: ImageLayer
  readonly label: MountLayerLabel
  readonly destination: string
  readonly contentBytes: number
}

/**
 * Writes the image of a capture into the engine, without a name: the layers of the container's image, its own layer, a
 * layer for each mount, and a configuration of keg's own.
 */
export async function writePackage(options: WritePackageOptions): Promise<WrittenPackage> {
  const {base, capture, container, engine, progress, signal} = options
  const committed = await engine.image(capture.image)
  if (committed === undefined)
    throw new FailedError('The engine lost the commit it made.', {code: 'commit-lost', hint: 'Try again.'})
  const created = new Date().toISOString()
  const stored = await readStoredImage(engine, committed, signal)
  const recordings = await placeRecordings(options, committed, stored)
  await using below = await takeOverLayers({
    engine,
    image: capture.image,
    stored,
    earlier: readMountLayers(base.Config?.Labels),
    paths: recordings.map(({recording}) => recording.path),
    signal,
  })
  const list = new EntryList()
  for (const {diffId} of below.layers) list.addLayer(diffId)
  const added = await newLayers(recordings, list, {created, progress, signal})
  const facts = {...options.facts, created, mounts: added.map(({label}) => label), entries: list.digest()}
  const image = await writeToEngine({
    engine,
    image: {
      layers: [...below.layers, ...added.map(({layer}) => layer)],
      emptyHistory: below.emptyHistory,
      config: {
        created,
        ...(facts.author !== undefined && {author: facts.author}),
        architecture: committed.Architecture,
        ...(committed.Variant ? {variant: committed.Variant} : {}),
        os: committed.Os,
        config: packageConfig(container, base, packageLabels(facts, container)),
      },
    },
    progress,
    signal,
  })
  const addedBytes = added.reduce((sum, {contentBytes}) => sum + contentBytes, 0)
  return {
    image,
    layers: below.layers.length + added.length,
    bytes: (await engine.image(image))?.Size ?? committed.Size + addedBytes,
    entries: list.entries,
    bytesOf: new Map(added.map(({contentBytes, destination}) => [destination, contentBytes])),
  }
}

interface PlacedRecording {
  readonly recording: MountRecording
  readonly destination: string
  readonly type: string
}

async function placeRecordings(
  {capture, container, engine, mounts, run, signal}: WritePackageOptions,
  committed: ImageDetails,
  stored: StoredImage,
): Promise<PlacedRecording[]> {
  if (mounts.length === 0) return []
  await using files = await HelperImage.create({engine, like: committed, run, signal, layers: stored.layers})
  const recordings = mounts.map((mount, index) => {
    const spool = capture.recordings[index]
    if (spool === undefined) throw new Error(`no recording of ${mount.destination}`)
    return {...mount, read: () => spool.read()}
  })
  const allDestinations = destinationsOf(container)
  const places = await placeMounts({engine, image: files.id, run, recordings, allDestinations})
  return places.map(({destination, ...place}) => {
    const mount = recordings.find((recording) => recording.destination === destination)
    if (mount === undefined) throw new Error(`no recording of ${destination}`)
    return {destination, type: mount.type, recording: {...place, read: mount.read}}
  })
}

async function newLayers(
  recordings: readonly PlacedRecording[],
  list: EntryList,
  {created, progress, signal}: {created: string; progress: ProgressListener; signal: AbortSignal},
): Promise<NewLayer[]> {
  const stage = 'Listing the files'
  const layers: NewLayer[] = []
  let before = 0
  for (const {destination, recording, type} of recordings) {
    const onBytes = (bytes: number): void => progress({stage, state: 'running', done: before + bytes})
    const {contentBytes, diffId, size} = await layerFacts(recording, list, {onBytes, signal})
    before += size
    layers.push({
      destination,
      contentBytes,
      label: {path: recording.path, type, layer: diffId},
      layer: {
        diffId,
        history: {created, created_by: `keg docker package: ${type} ${recording.path}`},
        content: {kind: 'tar', size, read: () => mountLayer(recording)},
      },
    })
  }
  if (layers.length > 0) progress({stage, state: 'done', note: count(list.entries, 'entry', 'entries')})
  return layers
}
