import type {ImageDetails} from '../../engine/types.js'
import {FailedError} from '../../error/keg-error.js'
import {configDigest} from '../../image/config-digest.js'
import type {ReadFacts} from '../../image/read-labels.js'
import {textToBytes} from '../../tar/tar-header.js'
import type {ListedLayer} from '../../image/model.js'
import {count, printable} from '../../terminal/text.js'
import type {Work} from '../../work/work.js'
import {
  openPackage,
  type OpenedPackage,
  type PackagePlace,
  type PackageQuery,
  type ReadablePackage,
} from '../open-package.js'
import {openServices} from '../project/open-services.js'
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
  /** Where it was read from. */
  readonly readFrom: PackagePlace
  /** Id of the image in the engine; of a file or in a registry, the digest of its configuration. */
  readonly image: string
  /** Digest of its manifest, or of the index of its platforms; null if the engine, or a file, has none. */
  readonly digest: string | null
  /** How many layers it has. */
  readonly layers: number
}

/** A service of a compose project that was verified. */
export interface VerifiedService extends VerifyResult {
  /** Its name in the compose file. */
  readonly service: string
}

/** What `--json` prints for a compose project that was packaged as one. */
export interface VerifiedProject {
  /** Its name. */
  readonly reference: string
  /** Of its index. */
  readonly digest: string
  /** Name of the compose project that was packaged. */
  readonly project: string
  /** By name. */
  readonly services: readonly VerifiedService[]
}

/**
 * Verifies an image against its own labels: hashes every layer, lists the package's files again, and compares the digest of that
 * list with the one recorded when its container was paused.
 * @throws RefusedError `verification-failed`; FailedError `zstd-unreadable`, `file-incomplete`; what openPackage throws
 */
export async function verifyPackage(work: Work, query: PackageQuery): Promise<VerifyResult | VerifiedProject> {
  const opened = await openPackage(work, query)
  const whole = await openServices(work, query, opened)
  if (whole === undefined) return verifyOpened(work, opened)
  const {digest, project, reference} = whole
  const services: VerifiedService[] = []
  for (const {opened: own, service} of whole.services) services.push({service, ...(await verifyOpened(work, own))})
  return {reference, digest, project, services}
}

async function verifyOpened(work: Work, opened: OpenedPackage): Promise<VerifyResult> {
  if (opened.readFrom !== 'engine') return verifyReadable(work, opened)
  const {image} = opened
  const checked = await checkImage(opened, image, () => readBack(opened.work, {image}))
  return resultOf(opened, image, checked)
}

/** The same for a package that is read without an engine. */
async function verifyReadable(work: Work, opened: ReadablePackage): Promise<VerifyResult> {
  const {facts, image, place, since} = opened
  const missing = image.layers.flatMap(({diffId, read}) => (read === undefined ? [diffId] : []))
  if (missing.some((diffId) => layersToRead(facts).includes(diffId))) throw fileIncomplete(place, since, missing.length)
  const checked = await checkImage(opened, image.details, () => readFileBack(work, {...image, path: place}))
  const notCompared = [
    ...checked.notCompared,
    ...missing.map((diffId) => `files of the layer ${diffId}: it is not in the file`),
  ]
  return resultOf(opened, image.details, {...checked, notCompared})
}

/** The layers without which the list of a package's files cannot be made. */
function layersToRead({agentFiles, mounts}: ReadFacts): readonly string[] {
  const hidden = agentFiles?.layer ?? undefined
  return [...(mounts ?? []).map(({layer}) => layer), ...(hidden === undefined ? [] : [hidden])]
}

/** @param place printable */
function fileIncomplete(place: string, since: string | undefined, layers: number): FailedError {
  return new FailedError(
    `${place} leaves out ${count(layers, 'layer')} of ${printable(since ?? 'another image')}, so it cannot be verified alone.`,
    {
      code: 'file-incomplete',
      hint: 'Run it, and verify the image that the engine then has; or ask for a file with all layers.',
    },
  )
}

/** @throws RefusedError `verification-failed` if anything differs */
function resultOf(
  {digest, readFrom, reference}: OpenedPackage,
  image: ImageDetails,
  checked: CheckedImage,
): VerifyResult {
  const layers = (image.RootFS.Layers ?? []).length
  const result = {reference, readFrom, image: image.Id, digest, layers, ...checked}
  if (checked.differenceCount === 0) return result
  throw verificationFailed(
    `${reference} is not what was recorded when it was packaged`,
    result,
    'Run it only if you trust whoever changed it. Otherwise ask for a new package.',
  )
}

function zstdUnreadable(reference: string, diffId: string): FailedError {
  return new FailedError(
    `${reference} cannot be verified: its layer ${diffId} is compressed with zstd, which keg cannot read.`,
    {
      code: 'zstd-unreadable',
      hint: 'An engine with the classic image store unpacks it: pull it there, and verify that image. Or ask for a package that is compressed with gzip.',
    },
  )
}

async function checkImage(
  {facts, reference}: OpenedPackage,
  image: ImageDetails,
  read: () => Promise<ReadBack>,
): Promise<CheckedImage> {
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
      if (found?.problem === ZSTD && layersToRead(facts).includes(diffId)) throw zstdUnreadable(reference, diffId)
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
