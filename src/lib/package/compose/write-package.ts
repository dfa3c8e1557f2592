import {Cleanup} from '../../async/cleanup.js'
import {ImageFiles} from '../../container/helper/image-files.js'
import type {Engine} from '../../engine/engine.js'
import {CONFIG_LABEL, configDigest} from '../../image/config-digest.js'
import {packageListDigest} from '../../image/entry-list.js'
import {packageConfig} from '../../image/image-config.js'
import {append, replaceConfig, replaceLayer} from '../../image/image.js'
import {packageLabels, readAgentFilesLabel, readMountLayers, type PackageFacts} from '../../image/labels.js'
import {agentFilesLabel, agentFilePaths, mountLabels} from '../../image/layer-labels.js'
import {whiteoutLayer} from '../../image/layer/whiteout-layer.js'
import type {Image, Layer, MountLayer} from '../../image/model.js'
import {compress} from '../../image/archive/compress.js'
import type {Encoder} from '../../image/archive/encoded-tar.js'
import type {OutputFile} from '../../image/file/output-file.js'
import {layerSizes} from '../../image/layer-sizes.js'
import {imageStoreOf} from '../../image/store/store-of-engine.js'
import type {Compressor} from '../../image/archive/compression.js'
import {measure} from '../../image/archive/measure.js'
import {RegistrySink} from '../../image/registry/registry-sink.js'
import type {Reference, Tag} from '../../reference/reference.js'
import type {PauseMode} from '../capture/pause-mode.js'
import type {PackageWay} from '../target/model.js'
import type {PlannedOutput} from '../output/plan-output.js'
import {writeImage} from '../../image/store/write-image.js'
import {shownPath} from '../../tar/shown-path.js'
import {countCommit} from '../capture/count-commit.js'
import {withoutValues} from '../exclude/environment.js'
import type {CapturedParts} from '../exclude/model.js'
import {layersForMounts} from '../plan/layer-limit.js'
import {PathLengths} from '../mount/path-lengths.js'
import {maskLayer} from './mask-layer.js'
import {entriesIn, mountLayers} from './mount-layers.js'
import {placeMountRecordings, type PlacedParts, type PlaceRecordingsOptions} from './place-recordings.js'
import {reuseLayers} from './reuse-layers.js'
import {writePackageFile} from './write-package-file.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** A capture, and what its image's labels are to say. */
export interface WritePackageOptions extends PlaceRecordingsOptions {
  readonly capture: CapturedParts
  /** Values of variables, by name, that must not be in its history either. */
  readonly excludedValues: ReadonlyMap<string, readonly string[]>
  readonly facts: Omit<PackageFacts, 'mounts' | 'entries' | 'created' | 'agentFiles'>
  /** The file to write it to; undefined for none. */
  readonly output: PlannedOutput | undefined
  /** Its names, which a file has too. */
  readonly names: readonly Reference[]
  /** Those of a registry. */
  readonly pushed: readonly (Reference & {readonly tag: Tag})[]
  readonly way: PackageWay
  readonly pause: PauseMode
  /** Compresses layers that keg itself sends to a registry. */
  readonly compressor: Compressor
}

/** An image that was written. */
export interface WrittenPackage {
  /** Its id in the engine; undefined if that did not get it. */
  readonly image: string | undefined
  /** The file, under a temporary name; undefined without one. */
  readonly file: OutputFile | undefined
  /** What keg itself sent to registries, without tags; undefined for nothing. */
  readonly sent: RegistrySink | undefined
  /** From the bottom. */
  readonly layers: readonly Layer[]
  /** Of the whole image, uncompressed: the engine's sizes of the layers below the mounts, and the files of the mounts. */
  readonly bytes: number
  /** Files recorded from the mounts. */
  readonly entries: number
  /** Bytes of files by mount, as far as they are in the package. */
  readonly bytesOf: ReadonlyMap<string, number>
  /** Mounts that are not in it because another one covers them, each with the destination of that one. */
  readonly covered: ReadonlyMap<string, string>
  /** Paths of all agent files that are not in it. */
  readonly agentFiles: readonly string[]
  /** Paths of sockets in the container's writable layer, which no image contains, as they are shown. */
  readonly sockets: readonly string[]
  /** What the user should know about it, as sentences. */
  readonly warnings: readonly string[]
}

/**
 * Writes the image of a capture into the engine, without a name, into a file, or into registries, without tags: the layers of
 * the container's image, its writable layer, a whiteout layer that hides agent files, a layer for each mount, and keg's own
 * configuration.
 */
export async function writePackage(work: EngineWork, options: WritePackageOptions): Promise<WrittenPackage> {
  const {engine, signal} = work
  const {capture, output, pause, way} = options
  const created = new Date().toISOString()
  await using files = ImageFiles.of(work, capture.commit)
  const sockets = await countSockets(work, options, files)
  const placed = await placeMountRecordings(work, options, files)
  const lengths = new PathLengths(engine)
  for (const key of capture.changes.existing()) lengths.take(key)
  await using cleanup = new Cleanup()
  const encode = encoderFor(engine, options)
  const below = await layersBelow(options, placed, {cleanup, encode, signal})
  const sent = way.via === 'registry' ? await openSink(work, options) : undefined
  const whiteouts = placed.whiteouts === undefined ? [] : [whiteoutLayer(placed.whiteouts, created)]
  sent?.start([...below.layers, ...whiteouts])
  const mounts = await mountLayers(work, placed.recordings, {
    ...{cleanup, created, encode, lengths, signal},
    // A layer that is part of a mount would have to be kept until it is its turn.
    maxLayers: pause === 'stream' ? 0 : layersForMounts(below.layers.length + whiteouts.length),
    sendingMake: pause === 'stream' && sent ? (place, make) => sent.make(place, make) : undefined,
    // Others read all layers.
    keepsAll: async (place) => way.isLoaded || output !== undefined || (await sent?.mayHave(place)) !== true,
    onLayers: (layers) => sent?.start(layers),
  })
  const image = configured(append(below, [...whiteouts, ...mounts]), created, options)
  const finished = withoutValues(image, options.excludedValues)
  const file =
    output && (await writePackageFile(work, {...output, capture, cleanup, image: finished, names: options.names}))
  await sent?.finish(finished)
  const id = way.isLoaded ? (await writeImage(work, {image: finished})).id : undefined
  const mountBytes = mounts.reduce((sum, {contentBytes}) => sum + contentBytes, 0)
  const bytesBelow = (): Promise<number> =>
    id === undefined ? bytesOf(engine, capture.commit.id, below.layers) : bytesUnder(engine, id, mounts.length)
  return {
    image: id,
    file,
    sent,
    layers: image.layers,
    agentFiles: agentFilePaths(image.layers),
    bytes: (await bytesBelow()) + mountBytes,
    entries: entriesIn(mounts),
    bytesOf: bytesByMount(mounts),
    covered: placed.covered,
    sockets,
    warnings: lengths.warnings,
  }
}

/** How its layers are read first: in the cheapest way for where they go. A layer that only keg itself sends is compressed while it is sent. */
function encoderFor(engine: Engine, {output, way}: WritePackageOptions): Encoder {
  if (output !== undefined) return compress
  return way.isLoaded ? imageStoreOf(engine).encode : measure
}

function openSink(work: EngineWork, {base, capture, compressor, pushed}: WritePackageOptions): Promise<RegistrySink> {
  return RegistrySink.open(work, {names: pushed, base, compressor, commit: capture.commit}).then((sink) =>
    work.cleanup.use(sink),
  )
}

/** The base of the package: the commit without layers that new ones replace, its writable layer without what mounts hide. */
async function layersBelow(
  {base, capture}: WritePackageOptions,
  {masks, recordings, whiteouts}: PlacedParts,
  encoding: Omit<Parameters<typeof maskLayer>[0], 'changes' | 'layer' | 'masks'>,
): Promise<Image> {
  const image = await reuseLayers(capture.commit, {
    earlier: readMountLayers(base.Config?.Labels),
    paths: recordings.map(({recording}) => recording.path),
    earlierWhiteouts: readAgentFilesLabel(base.Config?.Labels),
    hiding: whiteouts?.paths ?? [],
  })
  const layer = image.layers.find((each) => each.kind === 'writable')
  if (layer === undefined) return image
  return replaceLayer(image, layer, await maskLayer({...encoding, changes: capture.changes, layer, masks}))
}

/** An image with the configuration of a package, whose labels follow from its layers. */
function configured(image: Image, created: string, {base, container, facts}: WritePackageOptions): Image {
  const {layers} = image
  const ofLayers = {
    mounts: mountLabels(layers),
    agentFiles: agentFilesLabel(layers),
    entries: packageListDigest(layers),
  }
  const {config, labels} = packageConfig(container, base, packageLabels({...facts, ...ofLayers, created}))
  const {architecture, os, variant} = image.config
  return replaceConfig(
    image,
    {
      created,
      ...(facts.author !== undefined && {author: facts.author}),
      ...{architecture, os, config},
      ...(variant !== undefined && {variant}),
    },
    // Shows whether the configuration is unchanged.
    {...labels, [CONFIG_LABEL]: configDigest({...config, Labels: labels})},
  )
}

function bytesByMount(layers: readonly MountLayer[]): ReadonlyMap<string, number> {
  const bytes = new Map<string, number>()
  for (const {contentBytes, destination, isEmpty} of layers)
    if (!isEmpty) bytes.set(destination, (bytes.get(destination) ?? 0) + contentBytes)
  return bytes
}

/** Bytes of layers, as the engine counts those of the commit that they come from. */
async function bytesOf(engine: Engine, commit: string, layers: readonly Layer[]): Promise<number> {
  const details = await engine.image(commit)
  const sizes = details && (await layerSizes(engine, details)).layers
  const sizeOf = new Map((details?.RootFS.Layers ?? []).map((diffId, index) => [diffId, sizes?.[index]]))
  let bytes = 0
  for (const {diffId, size} of layers) bytes += sizeOf.get(diffId) ?? (await size())
  return bytes
}

/** Bytes of all layers of an image except the topmost ones. */
async function bytesUnder(engine: Engine, image: string, uppermost: number): Promise<number> {
  // Newest first: the steps of the mounts come last in the image.
  const rows = await engine.imageHistory(image)
  return rows.slice(uppermost).reduce((sum, {Size: size}) => sum + size, 0)
}

/** Sockets in the container's writable layer; everything else new is in its commit. A check that reads it back counts more. */
async function countSockets(
  work: EngineWork,
  {capture, container}: WritePackageOptions,
  files: ImageFiles,
): Promise<readonly string[]> {
  const {changes, writableLayerRecord} = capture
  if (writableLayerRecord !== undefined) return writableLayerRecord.sockets.map((key) => shownPath(key))
  return countCommit(work, {container, files, changes})
}
