import type {ImageDetails} from '../../engine/types.js'
import {FailedError} from '../../error/keg-error.js'
import {configDigest} from '../../image/config-digest.js'
import {readPackageFacts, type ReadFacts} from '../../image/read-labels.js'
import {textToBytes} from '../../tar/tar-header.js'
import type {ListedLayer} from '../../image/model.js'
import {formatReference} from '../../reference/reference.js'
import {count, printable} from '../../terminal/text.js'
import type {Work} from '../../work/work.js'
import {filePathIn} from '../file/file-path.js'
import {openPackageFile} from '../file/open-package-file.js'
import {openPackage, type PackageQuery} from '../open-package.js'
import {CONFIGURATION_CHANGED, Differences, layerDifference, type Difference} from './difference.js'
import {LayerShape} from './layer-shape.js'
import {DamagedImageError, digestDifference, readBack, ZSTD, type ReadBack} from './read-back.js'
import {readFileBack} from './read-file.js'
import {recogniseLayers} from './recognise-layers.js'
import {shownBelow} from './shown-paths.js'
import {verificationFailed, verificationOf, type CheckedImage} from './verification.js'
import {isWithin} from '../../tar/path.js'

/** What `--json` prints. */
export interface VerifyResult extends CheckedImage {
  /** The name of the package. */
  readonly reference: string
  /** Id of the image in the engine; of a file, the digest of its configuration. */
  readonly image: string
  /** Null if the engine knows none; of a file, that of its manifest. */
  readonly digest: string | null
  /** How many layers it has. */
  readonly layers: number
}

/**
 * Verifies an image against its own labels: hashes every layer, lists the package's files again, and compares the digest of that
 * list with the one recorded when its container was paused.
 * @throws FailedError `not-a-package`, `package-schema-unknown`; RefusedError `verification-failed`; what pulling the image
 * throws.
 */
export async function verifyPackage(surrounding: Work, query: PackageQuery): Promise<VerifyResult> {
  const path = await filePathIn(surrounding, query.reference)
  if (path !== undefined) return verifyFile(surrounding, path)
  const {work, digest, image, reference} = await openPackage(surrounding, query)
  const facts = readPackageFacts(reference, image.Config?.Labels)
  const checked = await checkImage(() => readBack(work, {image}), image, facts)
  return resultOf(reference, image, digest ?? null, checked)
}

/** The same for a file. No engine is needed. @throws FailedError `file-incomplete` if it leaves out layers that have to be read */
async function verifyFile(work: Work, path: string): Promise<VerifyResult> {
  const {facts, file, reference} = await openPackageFile(work, path)
  const missing = file.layers.flatMap(({diffId, read}) => (read === undefined ? [diffId] : []))
  const {agentFiles, mounts} = facts
  const needed = [...(mounts ?? []).map(({layer}) => layer), agentFiles?.layer]
  if (missing.some((diffId) => needed.includes(diffId))) throw fileIncomplete(path, file.since, missing.length)
  const checked = await checkImage(() => readFileBack(work, file), file.details, facts)
  const notCompared = [
    ...checked.notCompared,
    ...missing.map((diffId) => `files of the layer ${diffId}: it is not in the file`),
  ]
  const digest = file.manifest?.descriptor.digest ?? null
  return resultOf(formatReference(reference), file.details, digest, {...checked, notCompared})
}

function fileIncomplete(path: string, since: string | undefined, layers: number): FailedError {
  return new FailedError(
    `${printable(path)} leaves out ${count(layers, 'layer')} of ${printable(since ?? 'another image')}, so it cannot be verified alone.`,
    {
      code: 'file-incomplete',
      hint: 'Run it, and verify the image that the engine then has; or ask for a file with all layers.',
    },
  )
}

/** @throws RefusedError `verification-failed` if anything differs */
function resultOf(reference: string, image: ImageDetails, digest: string | null, checked: CheckedImage): VerifyResult {
  const result = {reference, image: image.Id, digest, layers: (image.RootFS.Layers ?? []).length, ...checked}
  if (checked.differenceCount === 0) return result
  throw verificationFailed(
    `${reference} is not what was recorded when it was packaged`,
    result,
    'Run it only if you trust whoever changed it. Otherwise ask for a new package.',
  )
}

async function checkImage(read: () => Promise<ReadBack>, image: ImageDetails, facts: ReadFacts): Promise<CheckedImage> {
  const differences = new Differences()
  try {
    await using stored = await read()
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
    const agentFiles = facts.agentFiles?.paths ?? []
    const found = await compareList(diffIds, stored, facts, differences)
    await checkExcluded(image, stored, facts, differences)
    return verificationOf(differences, {...found, agentFiles}, packed)
  } catch (error) {
    if (!(error instanceof DamagedImageError)) throw error
    differences.add(error.difference)
    return verificationOf(differences, {entries: 0, unchangedLayers: 0, agentFiles: []})
  }
}

/** Compares the image's list with the one its label names. */
async function compareList(
  diffIds: readonly string[],
  stored: ReadBack,
  {entries: listDigest, agentFiles, mounts}: ReadFacts,
  differences: Differences,
): Promise<Pick<CheckedImage, 'entries' | 'unchangedLayers'>> {
  const found = await recogniseLayers({
    diffIds,
    stored: stored.layers,
    mounts: mounts ?? [],
    agentFiles,
    listDigest: listDigest ?? '',
  })
  if (found.layers !== undefined) {
    for (const path of agentFiles?.paths ?? [])
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

/** Checks that what was excluded is neither in the image's files nor in its environment. */
async function checkExcluded(
  image: ImageDetails,
  stored: ReadBack,
  {excluded}: ReadFacts,
  differences: Differences,
): Promise<void> {
  if (excluded === null) return
  const layers = stored.layers.map((layer) => layer?.entries)
  for (const path of await shownBelow(excluded.paths, layers)) differences.addPath('added', null, path)
  for (const assignment of image.Config?.Env ?? []) {
    const name = assignment.split('=', 1)[0] ?? assignment
    const keyword = {keyword: 'environment', expected: 'none', found: printable(name)}
    if (excluded.environment.includes(name))
      differences.add({what: 'added', path: null, layer: null, keywords: [keyword]})
  }
}

/** Whether something that was left out is visible in a package anyway. Only layers above its base can have it. */
async function isShown(path: string, layers: readonly ListedLayer[], stored: ReadBack): Promise<boolean> {
  const top = textToBytes(path.slice(1))
  let shown = true
  for (const [index, {kind}] of layers.entries()) {
    const entries = stored.layers[index]?.entries
    if (kind === 'base' || entries === undefined) continue
    const shape = await LayerShape.of(entries)
    if (shape.hides(top)) shown = false
    for await (const {header} of shape.files()) shown ||= isWithin(header.path, top)
  }
  return shown
}

/** A layer on top of the package: everything that it adds and removes. */
async function listAdded(
  diffId: string,
  entries: Parameters<typeof LayerShape.of>[0],
  differences: Differences,
): Promise<void> {
  const before = differences.total
  const shape = await LayerShape.of(entries)
  for await (const {header} of shape.files()) differences.addPath('added', diffId, header.path)
  for (const path of shape.deleted) differences.addPath('missing', diffId, path)
  if (differences.total === before) differences.add(layerDifference('added', diffId))
}

function anotherConfiguration({config}: ReadFacts, found: unknown): Difference {
  const keyword = {keyword: 'configuration', expected: config ?? 'none', found: configDigest(found)}
  return {what: 'changed', path: null, layer: null, keywords: [keyword]}
}
