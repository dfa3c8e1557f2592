import type {Engine} from '../engine/engine.js'
import type {ContainerDetails, ImageDetails} from '../engine/types.js'
import {FailedError} from '../error/keg-error.js'
import {textToBytes, type TarHeader} from '../tar/tar-header.js'
import type {ProgressListener} from '../terminal/progress.js'
import {count} from '../terminal/text.js'
import type {Capture} from './capture/capture.js'
import {EntryList, packageListDigest, type ListedLayer} from './image/entry-list.js'
import {HelperContainer} from './capture/helper-container.js'
import {EMPTY_LAYER, HelperImage} from './capture/helper-image.js'
import {OwnerMap} from './capture/owner-map.js'
import {findTracesInMount} from './capture/sync-traces.js'
import {CONFIG_LABEL, configDigest} from './image/config-digest.js'
import {packageConfig} from './image/image-config.js'
import {writeToEngine} from './image/engine-sink.js'
import {foldersAbove, hiddenLayer, type HiddenPaths} from './image/hidden-layer.js'
import type {ImageLayer} from './image/image.js'
import {readStoredImage, type StoredImage} from './image/stored-image.js'
import {packageLabels, readLeftOut, readMountLayers, type MountLayerLabel, type PackageFacts} from './image/labels.js'
import {destinationsOf} from './mount/mount-selection.js'
import {mountLayer, type MountRecording} from './mount/mount-layer.js'
import {layerFacts} from './mount/layer-facts.js'
import {placeMounts} from './mount/place-mounts.js'
import {takeOverLayers} from './image/replaced-layers.js'
import type {WrittenLayer} from './verify/verify-written.js'

/** A capture, and what its image is to say of itself. */
export interface WritePackageOptions {
  readonly engine: Engine
  readonly container: ContainerDetails
  /** The image the container was made from. */
  readonly base: ImageDetails
  readonly capture: Capture
  /** The mounts that were captured, in the order of its recordings. */
  readonly mounts: readonly {
    readonly destination: string
    readonly type: string
    /** Whether a sync may have made something for itself in it. */
    readonly mayHaveTraces: boolean
  }[]
  /** Paths of the container's own layer that a sync made for itself: they are hidden. */
  readonly traces: readonly string[]
  readonly facts: Omit<PackageFacts, 'mounts' | 'entries' | 'created' | 'leftOut'>
  readonly run: string
  readonly progress: ProgressListener
  readonly signal: AbortSignal
}

/** An image that was written. */
export interface WrittenPackage {
  readonly image: string
  /** From the bottom. */
  readonly layers: readonly WrittenLayer[]
  /** Of the whole image, uncompressed. */
  readonly bytes: number
  /** Files recorded from the mounts. */
  readonly entries: number
  /** Bytes of files by mount. */
  readonly bytesOf: ReadonlyMap<string, number>
  /** Paths of all that syncs had made for themselves, and that is not in it. */
  readonly leftOut: readonly string[]
}

/** A layer made of a recorded mount. */
interface NewLayer {
  readonly layer: ImageLayer
  readonly label: MountLayerLabel
  readonly listed: Extract<ListedLayer, {kind: 'mount'}>
  readonly recording: MountRecording
  readonly destination: string
  readonly contentBytes: number
}

/**
 * Writes the image of a capture into the engine, without a name: the layers of the container's image, its own layer, a
 * layer that hides what a sync had made for itself in that, a layer for each mount, and a configuration of keg's own.
 */
export async function writePackage(options: WritePackageOptions): Promise<WrittenPackage> {
  const {base, capture, container, engine, progress, signal} = options
  const committed = await engine.image(capture.image)
  if (committed === undefined)
    throw new FailedError('The engine lost the commit it made.', {code: 'commit-lost', hint: 'Try again.'})
  const created = new Date().toISOString()
  const stored = await readStoredImage(engine, committed, signal)
  const {hidden, recordings} = await place(options, committed, stored)
  await using below = await takeOverLayers({
    engine,
    image: capture.image,
    stored,
    earlier: readMountLayers(base.Config?.Labels),
    paths: recordings.map(({recording}) => recording.path),
    earlierHidden: readLeftOut(base.Config?.Labels),
    hiding: options.traces,
    signal,
  })
  const own = ownIndex(stored, below.layers, base)
  const hiding = hidden && {...hidden, layer: hiddenLayer(hidden, created)}
  const added = await newLayers(recordings, {created, progress, signal})
  const leftOutPaths = [...options.traces, ...recordings.flatMap(({recording}) => recording.leftOut)]
  const leftOut = leftOutPaths.length === 0 ? undefined : {layer: hiding?.layer.diffId ?? null, paths: leftOutPaths}
  const list: ListedLayer[] = [
    ...below.layers.map(({diffId}, index) => ({kind: index === own ? ('own' as const) : ('base' as const), diffId})),
    ...(hiding ? [{kind: 'hidden' as const, diffId: hiding.layer.diffId, paths: hiding.paths}] : []),
    ...added.map((layer) => layer.listed),
  ]
  const mounts = added.map(({label}) => label)
  const facts = {...options.facts, created, mounts, leftOut, entries: packageListDigest(list)}
  const image = await writeToEngine({
    engine,
    image: {
      layers: [...below.layers, ...(hiding ? [hiding.layer] : []), ...added.map(({layer}) => layer)],
      emptyHistory: below.emptyHistory,
      config: {
        created,
        ...(facts.author !== undefined && {author: facts.author}),
        architecture: committed.Architecture,
        ...(committed.Variant ? {variant: committed.Variant} : {}),
        os: committed.Os,
        config: withDigest(packageConfig(container, base, packageLabels(facts, container))),
      },
    },
    progress,
    signal,
  })
  const addedBytes = added.reduce((sum, {contentBytes}) => sum + contentBytes, 0)
  return {
    image,
    layers: [
      ...below.layers.map((layer, index) => writtenLayer(layer, index === own)),
      ...(hiding ? [{kind: 'hidden' as const, diffId: hiding.layer.diffId, paths: hiding.paths}] : []),
      ...added.map(({layer, recording}) => ({kind: 'mount' as const, diffId: layer.diffId, recording})),
    ],
    leftOut: leftOutPaths,
    bytes: (await engine.image(image))?.Size ?? committed.Size + addedBytes,
    entries: entriesIn(added),
    bytesOf: new Map(added.map(({contentBytes, destination}) => [destination, contentBytes])),
  }
}

/** The configuration with a label that tells whether it is still the same. */
function withDigest(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const {Labels: labels} = config
  const others = typeof labels === 'object' && labels !== null ? labels : {}
  return {...config, Labels: {...others, [CONFIG_LABEL]: configDigest(config)}}
}

/** Which of the layers taken over is the container's own: the last, unless nothing in the container had changed. */
function ownIndex(stored: StoredImage, taken: readonly ImageLayer[], base: ImageDetails): number | undefined {
  const own = stored.layers.at(-1)
  const isThere = stored.layers.length > (base.RootFS.Layers ?? []).length && own?.diffId !== EMPTY_LAYER
  return isThere && taken.at(-1)?.diffId === own?.diffId ? taken.length - 1 : undefined
}

function writtenLayer({content, diffId}: ImageLayer, isOwn: boolean): WrittenLayer {
  if (isOwn) return {kind: 'own', diffId}
  return {kind: 'base', diffId, blob: content.kind === 'stored' ? content.descriptor?.digest : undefined}
}

interface PlacedRecording {
  readonly recording: MountRecording
  readonly destination: string
  readonly type: string
}

/** Finds where the mounts belong, and the folders above what is to be hidden. */
async function place(
  options: WritePackageOptions,
  committed: ImageDetails,
  stored: StoredImage,
): Promise<{recordings: PlacedRecording[]; hidden: HiddenPaths | undefined}> {
  const {engine, mounts, run, signal, traces} = options
  if (mounts.length === 0 && traces.length === 0) return {recordings: [], hidden: undefined}
  await using files = await HelperImage.create({engine, like: committed, run, signal, layers: stored.layers})
  const owners = await OwnerMap.of({engine, like: committed, run, signal})
  return {
    recordings: await placeRecordings(options, files, owners),
    hidden: traces.length === 0 ? undefined : await hiddenPaths(options, files, owners),
  }
}

async function hiddenPaths(
  {engine, run, traces}: WritePackageOptions,
  files: HelperImage,
  owners: OwnerMap,
): Promise<HiddenPaths> {
  await using reader = await HelperContainer.create({engine, image: files.id, run})
  const parents: TarHeader[] = []
  for (const folder of foldersAbove(traces)) {
    const header = await reader.header(folder)
    if (header !== undefined) parents.push({...(await owners.owned(header)), path: textToBytes(folder.slice(1))})
  }
  return {paths: traces, parents}
}

async function placeRecordings(
  {capture, container, engine, mounts, run}: WritePackageOptions,
  files: HelperImage,
  owners: OwnerMap,
): Promise<PlacedRecording[]> {
  if (mounts.length === 0) return []
  const archives = mounts.map((mount, index) => {
    const spool = capture.recordings[index]
    if (spool === undefined) throw new Error(`no recording of ${mount.destination}`)
    return {...mount, read: () => spool.read()}
  })
  await owners.learn(archives)
  const recordings = archives.map((archive) => ({...archive, read: () => owners.inContainer(archive.read())}))
  const allDestinations = destinationsOf(container)
  const places = await placeMounts({engine, image: files.id, run, recordings, allDestinations, owners})
  const placed: PlacedRecording[] = []
  for (const {destination, ...place} of places) {
    const mount = recordings.find((recording) => recording.destination === destination)
    if (mount === undefined) throw new Error(`no recording of ${destination}`)
    const leftOut = mount.mayHaveTraces ? await findTracesInMount(mount.read(), place.path) : []
    placed.push({destination, type: mount.type, recording: {...place, leftOut, read: mount.read}})
  }
  return placed
}

async function newLayers(
  recordings: readonly PlacedRecording[],
  {created, progress, signal}: {created: string; progress: ProgressListener; signal: AbortSignal},
): Promise<NewLayer[]> {
  const stage = 'Listing the files'
  const layers: NewLayer[] = []
  let before = 0
  for (const {destination, recording, type} of recordings) {
    const onBytes = (bytes: number): void => progress({stage, state: 'running', done: before + bytes})
    const list = new EntryList()
    const {contentBytes, diffId, size} = await layerFacts(recording, list, {onBytes, signal})
    before += size
    layers.push({
      destination,
      recording,
      listed: {kind: 'mount', diffId, path: recording.path, entries: list.entries, digest: list.digest()},
      contentBytes,
      label: {path: recording.path, type, layer: diffId},
      layer: {
        diffId,
        history: {created, created_by: `keg docker package: ${type} ${recording.path}`},
        content: {kind: 'tar', size, read: () => mountLayer(recording)},
      },
    })
  }
  if (layers.length > 0) progress({stage, state: 'done', note: count(entriesIn(layers), 'entry', 'entries')})
  return layers
}

function entriesIn(layers: readonly NewLayer[]): number {
  return layers.reduce((sum, {listed}) => sum + listed.entries, 0)
}
