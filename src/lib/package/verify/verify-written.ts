import type {ImageDetails} from '../../engine/types.js'
import {shownPath} from '../../tar/shown-path.js'
import type {Entry} from '../../image/entry-list.js'
import {readImageFile, type OpenFile} from '../../image/file/open-image-file.js'
import type {RegistrySink} from '../../image/registry/registry-sink.js'
import {agentFilePaths} from '../../image/layer-labels.js'
import type {Layer} from '../../image/model.js'
import {readBaseEntries} from './base-entries.js'
import {compareWhiteoutLayer} from './compare-whiteout-layer.js'
import {compareMountLayers} from './compare-mount-layers.js'
import {compareWritableLayer} from './compare-writable-layer.js'
import {CONFIGURATION_CHANGED, Differences, layerDifference} from './difference.js'
import {maskedEntries, maskedRecord} from './masked-record.js'
import type {WritableLayerRecord} from './writable-layer-record.js'
import {DamagedImageError, digestDifference, readBack, type ReadBack, type StoredLayer} from './read-back.js'
import {readFileBack} from './read-file.js'
import type {EngineWork} from '../../engine/engine-work.js'
import {verificationFailed, verificationOf, type Verification} from './verification.js'
import {readAgentFilesLabel, readMountLayers} from '../../image/labels.js'

/** A package that was written, and what was recorded while its container was paused. */
export interface VerifyWrittenOptions {
  readonly medium: WrittenMedium
  readonly layers: readonly Layer[]
  /** The image the container was made from. */
  readonly base: ImageDetails
  readonly record: WritableLayerRecord
  /** What cannot be compared in this package. */
  readonly notCompared: readonly string[]
}

/** Where a package was written to, and is read back from. */
export interface WrittenMedium {
  /** Undefined if it is not there. */
  readonly details: () => Promise<ImageDetails | undefined>
  /** @param known digests of stored layers whose files need not be checked */
  readonly read: (details: ImageDetails, known: ReadonlySet<string>) => Promise<ReadBack>
}

/** An image in the engine. @param image its id */
export function engineMedium(work: EngineWork, image: string): WrittenMedium {
  return {
    details: () => work.engine.image(image),
    read: (details, known) => readBack(work, {image: details, known}),
  }
}

/** An image in a file. All its layers are checked: none is where it came from. */
export function fileMedium(work: EngineWork, open: OpenFile): WrittenMedium {
  const file = readImageFile(work, open)
  // Whoever awaits it gets the failure.
  file.catch(() => undefined)
  return {
    details: async () => (await file).details,
    read: async () => readFileBack(work, await file),
  }
}

/** An image in a registry, as it is there. A layer of a base image that the registry had is not read again. */
export function registryMedium(work: EngineWork, sent: RegistrySink): WrittenMedium {
  const image = sent.open()
  // Whoever awaits it gets the failure.
  image.catch(() => undefined)
  return {
    details: async () => (await image).details,
    read: async () => readFileBack(work, {...(await image), path: 'the image back from the registry'}),
  }
}

/**
 * Reads a package back and compares it with what was recorded.
 * @throws RefusedError `verification-failed` with all differences in its data.
 */
export async function verifyWritten(work: EngineWork, options: VerifyWrittenOptions): Promise<Verification> {
  const differences = new Differences()
  compareBaseLayers(options, differences)
  const entries = await compareLayers(work, options, differences)
  const unchangedLayers = options.layers.filter(({kind}) => kind === 'base').length
  const notCarried = options.record.sockets.map((key) => shownPath(key))
  const agentFiles = agentFilePaths(options.layers)
  const verification = {
    ...verificationOf(differences, {entries, unchangedLayers, agentFiles}, options.notCompared),
    notCarried,
  }
  if (verification.differenceCount === 0) return verification
  throw verificationFailed(
    'The image is not what was recorded of the container, and was removed',
    verification,
    'Package it again. If it happens again, check the log of the engine and its disk.',
  )
}

/**
 * Checks that the layers of the container's image are in the package, in their order. Only earlier mount layers and an earlier
 * whiteout layer for agent files may have been replaced.
 */
function compareBaseLayers({base, layers}: VerifyWrittenOptions, differences: Differences): void {
  const hidden = readAgentFilesLabel(base.Config?.Labels)?.layer
  const replaceable = new Set([...readMountLayers(base.Config?.Labels).map(({layer}) => layer), hidden])
  const written = layers.flatMap(({diffId, kind}) => (kind === 'base' ? [diffId] : []))
  for (const diffId of base.RootFS.Layers ?? [])
    if (diffId === written[0]) written.shift()
    else if (!replaceable.has(diffId)) differences.add(layerDifference('missing', diffId))
  for (const diffId of written) differences.add(layerDifference('added', diffId))
}

/** @returns how many entries were compared. */
async function compareLayers(
  work: EngineWork,
  options: VerifyWrittenOptions,
  differences: Differences,
): Promise<number> {
  const {progress} = work
  const {layers, medium, record} = options
  const details = await medium.details()
  if (details === undefined) {
    differences.add({what: 'missing', path: null, layer: null, keywords: []})
    return 0
  }
  const diffIds = details.RootFS.Layers ?? []
  layers.forEach(({diffId}, index) => {
    if (diffId !== diffIds[index]) differences.add(layerDifference('missing', diffId))
  })
  for (const diffId of diffIds.slice(layers.length)) differences.add(layerDifference('added', diffId))
  const known = new Set(
    layers.flatMap((layer) => (layer.kind === 'base' ? [layer.diffId, blobOf(layer) ?? layer.diffId] : [])),
  )
  try {
    await using stored = await medium.read(details, known)
    if (!stored.configIsRight) differences.add(CONFIGURATION_CHANGED)
    progress({stage: STAGE, state: 'running'})
    let entries = 0
    for (const part of layerGroups(layers, stored.layers))
      entries += await compareLayer(work, part, options, differences)
    if (!layers.some(({kind}) => kind === 'writable'))
      await compareWritableLayer({
        record,
        found: undefined,
        diffId: null,
        differences,
        baseEntries: (paths) => readBaseEntries(work, options, paths),
      })
    progress({stage: STAGE, state: 'done'})
    return entries
  } catch (error) {
    if (!(error instanceof DamagedImageError)) throw error
    differences.add(error.difference)
    return 0
  }
}

const STAGE = 'Comparing it with the record'

/** A layer that was written, and what is there now. */
interface ReadLayer {
  readonly layer: Layer
  readonly found: StoredLayer | undefined
}

/** One layer, or all that one mount has. */
type LayerGroup = readonly [ReadLayer, ...ReadLayer[]]

function layerGroups(layers: readonly Layer[], stored: readonly (StoredLayer | undefined)[]): LayerGroup[] {
  const groups: [ReadLayer, ...ReadLayer[]][] = []
  for (const [index, layer] of layers.entries()) {
    const last = groups.at(-1)
    const below = last?.[0].layer
    const read = {layer, found: stored[index]}
    if (layer.kind === 'mount' && below?.kind === 'mount' && below.recording === layer.recording) last?.push(read)
    else groups.push([read])
  }
  return groups
}

/** @returns how many entries were compared. */
async function compareLayer(
  work: EngineWork,
  group: LayerGroup,
  options: VerifyWrittenOptions,
  differences: Differences,
): Promise<number> {
  const [{found, layer}] = group
  const {diffId} = layer
  const {record} = options
  const baseEntries = (paths: ReadonlySet<string>): Promise<ReadonlyMap<string, Entry>> =>
    readBaseEntries(work, options, paths)
  const wrong = group.flatMap((each) => {
    const blob = each.layer.kind === 'base' ? blobOf(each.layer) : undefined
    return digestDifference(each.layer.diffId, blob, each.found) ?? []
  })
  const before = differences.total
  let entries = 0
  if (layer.kind === 'writable' && found?.entries !== undefined)
    entries = await compareWritableLayer({
      record: await maskedRecord(record, layer.masks),
      found: maskedEntries(found.entries, layer.masks),
      diffId,
      differences,
      baseEntries,
    })
  if (layer.kind === 'whiteout' && found?.entries !== undefined)
    await compareWhiteoutLayer({record, paths: layer.paths, found: found.entries, diffId, differences})
  if (layer.kind === 'mount') {
    const read = group.flatMap((each) =>
      each.found?.entries === undefined ? [] : [{diffId: each.layer.diffId, entries: each.found.entries}],
    )
    // Without one of them, only that is said.
    if (read.length === group.length)
      entries = await compareMountLayers(work, {recording: layer.recording, found: read, differences})
  }
  // Differences in single files say it better.
  if (differences.total === before) for (const difference of wrong) differences.add(difference)
  return entries
}

/** The digest of a layer's blob, if the store keeps blobs. */
function blobOf({stored}: Layer): string | undefined {
  return stored?.descriptor?.digest
}
