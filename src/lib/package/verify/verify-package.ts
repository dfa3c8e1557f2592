import type {Engine} from '../../engine/engine.js'
import type {ImageDetails} from '../../engine/types.js'
import {configDigest} from '../image/config-digest.js'
import {readPackageFacts, type ReadFacts} from '../image/read-labels.js'
import {textToBytes} from '../../tar/tar-header.js'
import type {ListedLayer} from '../image/entry-list.js'
import {isWithin} from '../mount/mount-rules.js'
import {openPackage, type PackageQuery} from '../open-package.js'
import {CONFIGURATION_CHANGED, Differences, layerDifference, type Difference} from './difference.js'
import {LayerShape} from './layer-shape.js'
import {changeKey} from './own-record.js'
import {DamagedImageError, digestDifference, readBack, ZSTD, type ReadBack} from './read-back.js'
import {recogniseLayers} from './recognise-layers.js'
import {verificationFailed, verificationOf, type CheckedImage} from './verification.js'

/** What scripts get, with `--json`. */
export interface VerifyResult extends CheckedImage {
  readonly reference: string
  /** Id of the image in the engine. */
  readonly image: string
  /** Null where the engine knows none. */
  readonly digest: string | null
  readonly layers: number
}

/**
 * Checks an image against its own labels: every layer is hashed, and the list of the package's files is made again and
 * compared with the digest that was recorded when its container stood still.
 * @throws FailedError `not-a-package`, `package-schema-unknown`; RefusedError `verification-failed`; what getting the image throws.
 */
export async function verifyPackage(query: PackageQuery): Promise<VerifyResult> {
  await using opened = await openPackage(query)
  const {digest, engine, image, reference} = opened
  const facts = readPackageFacts(reference, image.Config?.Labels)
  const checked = await checkImage(engine, image, facts, query)
  const result = {
    reference,
    image: image.Id,
    digest: digest ?? null,
    layers: (image.RootFS.Layers ?? []).length,
    ...checked,
  }
  if (checked.differenceCount === 0) return result
  throw verificationFailed(
    `${reference} is not what was recorded when it was packaged`,
    result,
    'Run it only if you trust whoever changed it; else ask for a new package.',
  )
}

async function checkImage(
  engine: Engine,
  image: ImageDetails,
  facts: ReadFacts,
  {progress, signal}: PackageQuery,
): Promise<CheckedImage> {
  const differences = new Differences()
  try {
    await using stored = await readBack({engine, image, progress, signal})
    if (!stored.configIsRight) differences.add(CONFIGURATION_CHANGED)
    if (facts.config !== configDigest(stored.config)) differences.add(anotherConfiguration(facts, stored.config))
    const diffIds = image.RootFS.Layers ?? []
    const packed: string[] = []
    for (const [index, diffId] of diffIds.entries()) {
      const found = stored.layers[index]
      const wrong = digestDifference(diffId, undefined, found)
      if (found?.problem === ZSTD) packed.push(`files of the layer ${diffId}: ${ZSTD}`)
      else if (wrong !== undefined) differences.add(wrong)
    }
    const leftOut = facts.leftOut?.paths ?? []
    const found = await compareList(diffIds, stored, facts, differences)
    return verificationOf(differences, {...found, leftOut}, packed)
  } catch (error) {
    if (!(error instanceof DamagedImageError)) throw error
    differences.add(error.difference)
    return verificationOf(differences, {entries: 0, unchangedLayers: 0, leftOut: []})
  }
}

/** Compares the list that the image gives with the one its label names. */
async function compareList(
  diffIds: readonly string[],
  stored: ReadBack,
  {entries: listDigest, leftOut, mounts}: ReadFacts,
  differences: Differences,
): Promise<Pick<CheckedImage, 'entries' | 'unchangedLayers'>> {
  const found = await recogniseLayers({
    diffIds,
    stored: stored.layers,
    mounts: mounts ?? [],
    leftOut,
    listDigest: listDigest ?? '',
  })
  if (found.layers !== undefined) {
    for (const path of leftOut?.paths ?? [])
      if (await isShown(path, found.layers, stored)) differences.addPath('added', null, textToBytes(path.slice(1)))
    for (let index = found.layers.length; index < diffIds.length; index++)
      await listAdded(diffIds[index] ?? '', stored.layers[index]?.entries, differences)
    return {entries: found.entries, unchangedLayers: found.layers.filter(({kind}) => kind === 'base').length}
  }
  for (const {layer, path} of mounts ?? [])
    if (!diffIds.includes(layer))
      differences.add(layerDifference('missing', layer, [{keyword: 'mount', expected: path, found: 'none'}]))
  const recorded = listDigest ?? 'none that is a digest'
  const keyword = {keyword: 'entries', expected: recorded, found: 'another list'}
  differences.add({what: 'changed', path: null, layer: null, keywords: [keyword]})
  return {entries: found.entries, unchangedLayers: 0}
}

/** Whether something that was left out shows in a package all the same. Only layers above its base can have it. */
async function isShown(path: string, layers: readonly ListedLayer[], stored: ReadBack): Promise<boolean> {
  const top = textToBytes(path.slice(1))
  let shown = true
  for (const [index, {kind}] of layers.entries()) {
    const entries = stored.layers[index]?.entries
    if (kind === 'base' || entries === undefined) continue
    const shape = await LayerShape.of(entries)
    if (shape.hides(changeKey(top))) shown = false
    for await (const {header} of shape.files()) shown ||= isWithin(header.path, top)
  }
  return shown
}

/** A layer on top of the package: all that it brings and takes away. */
async function listAdded(
  diffId: string,
  entries: Parameters<typeof LayerShape.of>[0],
  differences: Differences,
): Promise<void> {
  const before = differences.total
  const shape = await LayerShape.of(entries)
  for await (const {header} of shape.files()) differences.addPath('added', diffId, header.path)
  for (const key of shape.deleted) differences.addPath('missing', diffId, key)
  if (differences.total === before) differences.add(layerDifference('added', diffId))
}

function anotherConfiguration({config}: ReadFacts, found: unknown): Difference {
  const keyword = {keyword: 'configuration', expected: config ?? 'none', found: configDigest(found)}
  return {what: 'changed', path: null, layer: null, keywords: [keyword]}
}
