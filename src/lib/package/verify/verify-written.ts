import type {Engine} from '../../engine/engine.js'
import type {ImageDetails} from '../../engine/types.js'
import type {ProgressListener} from '../../terminal/progress.js'
import {readLeftOut, readMountLayers} from '../image/labels.js'
import type {MountRecording} from '../mount/mount-layer.js'
import {compareHiddenLayer} from './compare-hidden-layer.js'
import {compareMountLayer} from './compare-mount-layer.js'
import {compareOwnLayer} from './compare-own-layer.js'
import {CONFIGURATION_CHANGED, Differences, layerDifference, shownPath} from './difference.js'
import type {OwnRecord} from './own-record.js'
import {DamagedImageError, digestDifference, readBack, type StoredLayer} from './read-back.js'
import {verificationFailed, verificationOf, type Verification} from './verification.js'

/** A layer as a package was written with it. */
export type WrittenLayer =
  | {
      readonly kind: 'base'
      readonly diffId: string
      /** Digest of the blob it is kept as, where an image store keeps blobs. */
      readonly blob: string | undefined
    }
  | {readonly kind: 'own'; readonly diffId: string}
  | {readonly kind: 'hidden'; readonly diffId: string; readonly paths: readonly string[]}
  | {readonly kind: 'mount'; readonly diffId: string; readonly recording: MountRecording}

/** A package that was written, and what was recorded while its container stood still. */
export interface VerifyWrittenOptions {
  readonly engine: Engine
  /** Id of the image. */
  readonly image: string
  readonly layers: readonly WrittenLayer[]
  /** The image the container was made from. */
  readonly base: ImageDetails
  readonly record: OwnRecord
  readonly progress: ProgressListener
  readonly signal: AbortSignal
}

/**
 * Reads a package back from the engine and compares it with what was recorded.
 * @throws RefusedError `verification-failed` with all that differs in its data.
 */
export async function verifyWritten(options: VerifyWrittenOptions): Promise<Verification> {
  const differences = new Differences()
  compareBaseLayers(options, differences)
  const entries = await compareLayers(options, differences)
  const unchangedLayers = options.layers.filter(({kind}) => kind === 'base').length
  const notCarried = options.record.sockets.map((key) => shownPath(key))
  const leftOut = options.layers.flatMap((layer) => {
    if (layer.kind === 'hidden') return layer.paths
    return layer.kind === 'mount' ? layer.recording.leftOut : []
  })
  const verification = {...verificationOf(differences, {entries, unchangedLayers, leftOut}), notCarried}
  if (verification.differenceCount === 0) return verification
  throw verificationFailed(
    'The image is not what was recorded of the container, and was removed',
    verification,
    'Package it again; if it stays so, look into the log of the engine and at its disk.',
  )
}

/** The layers of the container's image are in the package, in their order; only earlier mount layers, and one that hid what a sync had made for itself, may have been replaced. */
function compareBaseLayers({base, layers}: VerifyWrittenOptions, differences: Differences): void {
  const hidden = readLeftOut(base.Config?.Labels)?.layer
  const replaceable = new Set([...readMountLayers(base.Config?.Labels).map(({layer}) => layer), hidden])
  const written = layers.flatMap(({diffId, kind}) => (kind === 'base' ? [diffId] : []))
  for (const diffId of base.RootFS.Layers ?? [])
    if (diffId === written[0]) written.shift()
    else if (!replaceable.has(diffId)) differences.add(layerDifference('missing', diffId))
  for (const diffId of written) differences.add(layerDifference('added', diffId))
}

/** @returns how many entries were compared. */
async function compareLayers(options: VerifyWrittenOptions, differences: Differences): Promise<number> {
  const {engine, image, layers, progress, record, signal} = options
  const details = await engine.image(image)
  if (details === undefined) {
    differences.add({what: 'missing', path: null, layer: null, keywords: []})
    return 0
  }
  const diffIds = details.RootFS.Layers ?? []
  layers.forEach(({diffId}, index) => {
    if (diffId !== diffIds[index]) differences.add(layerDifference('missing', diffId))
  })
  for (const diffId of diffIds.slice(layers.length)) differences.add(layerDifference('added', diffId))
  const known = new Set(layers.flatMap((layer) => (layer.kind === 'base' ? [layer.diffId, layer.blob ?? ''] : [])))
  try {
    await using stored = await readBack({engine, image: details, known, progress, signal})
    if (!stored.configIsRight) differences.add(CONFIGURATION_CHANGED)
    progress({stage: STAGE, state: 'running'})
    let entries = 0
    for (const [index, layer] of layers.entries())
      entries += await compareLayer(layer, stored.layers[index], options, differences)
    if (!layers.some(({kind}) => kind === 'own'))
      await compareOwnLayer({record, found: undefined, diffId: null, differences})
    progress({stage: STAGE, state: 'done'})
    return entries
  } catch (error) {
    if (!(error instanceof DamagedImageError)) throw error
    differences.add(error.difference)
    return 0
  }
}

const STAGE = 'Comparing it with the record'

/** @returns how many entries were compared. */
async function compareLayer(
  layer: WrittenLayer,
  found: StoredLayer | undefined,
  {record, signal}: VerifyWrittenOptions,
  differences: Differences,
): Promise<number> {
  const {diffId} = layer
  const wrong = digestDifference(diffId, layer.kind === 'base' ? layer.blob : undefined, found)
  const before = differences.total
  let entries = 0
  if (layer.kind === 'own' && found?.entries !== undefined)
    entries = await compareOwnLayer({record, found: found.entries, diffId, differences})
  if (layer.kind === 'hidden' && found?.entries !== undefined)
    await compareHiddenLayer({record, paths: layer.paths, found: found.entries, diffId, differences})
  if (layer.kind === 'mount' && found?.entries !== undefined)
    entries = await compareMountLayer({recording: layer.recording, found: found.entries, diffId, differences, signal})
  // Where single files differ, they say it better.
  if (wrong !== undefined && differences.total === before) differences.add(wrong)
  return entries
}
