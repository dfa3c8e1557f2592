import {createGunzip} from 'node:zlib'
import {Readable} from 'node:stream'
import type {Engine} from '../../engine/engine.js'
import {readTar} from '../../tar/read-tar.js'
import {textToBytes} from '../../tar/tar-header.js'
import {EMPTY_LAYER} from '../capture/helper-image.js'
import type {ImageLayer} from './image.js'
import {extractBlob, extractLayers, type StoredImage} from './stored-image.js'
import {onlyHides} from './hidden-layer.js'
import type {LeftOutLabel, MountLayerLabel} from './labels.js'
import {isWithin} from '../mount/mount-rules.js'
import type {Spool} from '../spool.js'

/** What decides which layers a new package takes over from the one its container was run from. */
export interface ReplacedLayersOptions {
  readonly engine: Engine
  /** Id of the committed image, whose layers are `stored`. */
  readonly image: string
  readonly stored: StoredImage
  /** Mount layers of the base image, as its label names them: a hint, checked against the layers themselves. */
  readonly earlier: readonly MountLayerLabel[]
  /** Where the new package gets a mount layer of its own. */
  readonly paths: readonly string[]
  /** What the base image hides of syncs, as its label names it: a hint as well. */
  readonly earlierHidden: LeftOutLabel | undefined
  /** What the new package gets a layer for that hides it. */
  readonly hiding: readonly string[]
  readonly signal: AbortSignal
}

/** The layers a package stands on, and temporary files that some of them are read from. */
export interface TakenOver extends StoredImage, AsyncDisposable {
  /** How many earlier layers were left out. */
  readonly replaced: number
}

/**
 * Takes over the layers of a committed image without the earlier mount layers that new ones hide completely, without an
 * earlier layer that only hides what a new one hides as well, and without a layer of the container's own in which nothing is. What
 * a label calls such a layer is left out only if it is one: nothing in a mount layer but the mount point, what is below, and
 * the folders above.
 */
export async function takeOverLayers(options: ReplacedLayersOptions): Promise<TakenOver> {
  const {stored} = options
  const candidates = candidatesOf(options)
  const files = new Map<string, Spool>()
  try {
    await readCandidates(options, candidates, files)
    const verified = new Set<string>()
    for (const {isIt, layer} of candidates) {
      const spool = files.get(layer)
      if (spool !== undefined && (await isIt(contentOf(options.engine, spool)))) verified.add(layer)
    }
    const isLeftOut = ({diffId}: ImageLayer, index: number): boolean =>
      verified.has(diffId) || (diffId === EMPTY_LAYER && index === stored.layers.length - 1)
    const firstLeftOut = stored.layers.findIndex(isLeftOut)
    const layers = stored.layers.flatMap((layer, index): ImageLayer[] => {
      if (isLeftOut(layer, index)) return []
      const file = files.get(layer.diffId)
      // Above a layer that is missing now, a classic store has no such chain of layers: they have to be written again.
      const isMoved = options.engine.imageStore === 'graph' && firstLeftOut >= 0 && index > firstLeftOut
      if (!isMoved || file === undefined) return [layer]
      return [{...layer, content: {kind: 'tar', size: file.size, read: () => file.read()}}]
    })
    const leftOutBelow = (index: number): number => stored.layers.slice(0, index).filter(isLeftOut).length
    return {
      layers,
      emptyHistory: stored.emptyHistory.map(({history, index}) => ({history, index: index - leftOutBelow(index)})),
      replaced: verified.size,
      [Symbol.asyncDispose]: () => closeAll(files),
    }
  } catch (error) {
    await closeAll(files)
    throw error
  }
}

/** A layer that is left out if it is what its label says. */
interface Candidate {
  /** diffID */
  readonly layer: string
  readonly isIt: (layer: AsyncIterable<Buffer>) => Promise<boolean>
}

function candidatesOf({earlier, earlierHidden, hiding, paths, stored}: ReplacedLayersOptions): Candidate[] {
  const isHidden = ({layer, path}: MountLayerLabel, diffId: string): boolean =>
    layer === diffId && paths.some((covering) => isWithin(path, covering))
  const isNeedless = earlierHidden?.paths.every((path) => hiding.includes(path)) === true
  return stored.layers.flatMap(({diffId}): Candidate[] => {
    const mount = earlier.find((label) => isHidden(label, diffId))
    if (mount !== undefined) return [{layer: diffId, isIt: (layer) => holdsOnly(mount.path, layer)}]
    if (!isNeedless || earlierHidden.layer !== diffId) return []
    return [{layer: diffId, isIt: (layer) => onlyHides(earlierHidden.paths, layer)}]
  })
}

/** Reads the candidates, and in a classic store all layers above the lowest of them too, into `files`. */
async function readCandidates(
  {engine, image, signal, stored}: ReplacedLayersOptions,
  candidates: readonly Candidate[],
  files: Map<string, Spool>,
): Promise<void> {
  const wanted = new Set(candidates.map(({layer}) => layer))
  if (wanted.size === 0) return
  if (engine.imageStore === 'graph') {
    const first = stored.layers.findIndex(({diffId}) => wanted.has(diffId))
    const diffIds = new Set(stored.layers.slice(first).map(({diffId}) => diffId))
    for (const [diffId, file] of await extractLayers(engine, image, diffIds, signal)) files.set(diffId, file)
    return
  }
  for (const {content, diffId} of stored.layers) {
    if (!wanted.has(diffId) || content.kind !== 'stored' || content.descriptor === undefined) continue
    const blob = await extractBlob(engine, image, content.descriptor.digest, signal)
    if (blob !== undefined) files.set(diffId, blob)
  }
}

function contentOf(engine: Engine, spool: Spool): AsyncIterable<Buffer> {
  return engine.imageStore === 'graph' ? spool.read() : Readable.from(spool.read()).pipe(createGunzip())
}

async function holdsOnly(path: string, layer: AsyncIterable<Buffer>): Promise<boolean> {
  const root = textToBytes(path.slice(1))
  try {
    for await (const {header} of readTar(layer)) {
      const isAbove = header.type === 'directory' && isWithin(root, header.path)
      if (!isAbove && !isWithin(header.path, root)) return false
    }
    return true
  } catch {
    // Not a tar that keg wrote.
    return false
  }
}

async function closeAll(files: ReadonlyMap<string, Spool>): Promise<void> {
  await Promise.all([...files.values()].map((file) => file[Symbol.asyncDispose]()))
}
