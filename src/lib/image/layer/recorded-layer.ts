import {measure} from '../archive/measure.js'
import {EntryList, type Entry} from '../entry-list.js'
import type {HistoryEntry, MountLayer, MountRecording} from '../model.js'
import {Spool} from '../spool.js'
import {textToBytes, type TarHeader} from '../../tar/tar-header.js'
import {encodeLayer, type EncodeLayerOptions} from './encode-layer.js'
import {mountLayer, visibleInMount} from './mount-layer.js'
import {MountParts, type PartFacts} from './split/mount-parts.js'
import {PartSpool} from './split/part-spool.js'
import {planOfHeaders} from './split/plan-of-headers.js'
import type {SplitLimits, SplitPlan} from './split/plan-split.js'

/** A recorded mount, and callbacks. */
export interface RecordedLayerOptions
  extends Pick<MountLayer, 'destination' | 'isEmpty' | 'type'>, Omit<EncodeLayerOptions, 'read' | 'first' | 'history'> {
  readonly recording: MountRecording
  /** When the layer was made. */
  readonly created: string
  /** Called once with each file of the mount. */
  readonly onEntry?: (entry: Entry) => void
}

/** How a recorded mount becomes layers. */
export interface RecordedLayersOptions extends RecordedLayerOptions {
  /** How many layers it may have. */
  readonly maxLayers: number
  /** Whether all layers will be read: otherwise only those that somebody asks for are kept in a temporary file. */
  readonly keepsAll: boolean
  /** Called with each of several layers as soon as it can be read, while others are still made, if all are kept; it does not know its place yet. */
  readonly onLayer?: ((layer: MountLayer) => void) | undefined
  readonly limits?: SplitLimits
}

/**
 * Makes the layers of a recorded mount, and lists its files. A small mount is one layer; a larger one is split, by its content alone, so
 * that little of it is new when little has changed.
 * @returns from the bottom
 */
export async function recordedLayers(options: RecordedLayersOptions): Promise<MountLayer[]> {
  const plan = await planOf(options)
  return plan === undefined ? [await recordedLayer(options)] : splitLayers(plan, options)
}

/** Makes one layer from a recorded mount, and lists its files. */
export async function recordedLayer(options: RecordedLayerOptions): Promise<MountLayer> {
  const {destination, isEmpty, onEntry, recording, type, cleanup, encode, onBytes, signal} = options
  const encoding = {cleanup, encode, signal, ...(onBytes && {onBytes})}
  const {path} = recording
  const list = new EntryList()
  let contentBytes = 0
  const first = mountLayer(recording, (entry) => {
    list.addEntry(entry)
    onEntry?.(entry)
    contentBytes += entry.header.size
  })
  const history = historyOf(options)
  const content = await encodeLayer({...encoding, history, first, read: () => mountLayer(recording)})
  const listed = {entries: list.entries, repeatedFolders: 0, listDigest: list.digest(), contentBytes}
  return {kind: 'mount', path, destination, type, isEmpty, recording, keep: undefined, ...listed, ...content}
}

async function planOf(options: RecordedLayersOptions): Promise<SplitPlan | undefined> {
  const {isEmpty, limits, maxLayers, recording, signal} = options
  if (isEmpty) return undefined
  const headers = async function* (): AsyncGenerator<TarHeader> {
    for await (const {header} of visibleInMount(recording)) {
      signal.throwIfAborted()
      yield header
    }
  }
  return planOfHeaders({root: textToBytes(recording.path.slice(1)), headers, limits, maxLayers})
}

async function splitLayers(plan: SplitPlan, options: RecordedLayersOptions): Promise<MountLayer[]> {
  const {cleanup, destination, encode, isEmpty, keepsAll, onBytes, onEntry, onLayer, recording, signal, type} = options
  const spool = new PartSpool(cleanup.use(await Spool.create()))
  const mount = {kind: 'mount', path: recording.path, destination, type, isEmpty, recording, stored: undefined} as const
  const onKept = (facts: PartFacts, uncompressed: MountLayer['uncompressed']): void => {
    const history = historyOf(options)
    onLayer?.({...mount, ...listedOf(facts), ...{keep: undefined, history, compressed: undefined, uncompressed}})
  }
  // A store that takes layers as they are needs no more than what is measured.
  const isMeasured = encode === measure
  const reading = {recording, plan, spool, keepsAll, signal, onBytes, onEntry}
  const parts = await MountParts.read({...reading, onKept: isMeasured ? onKept : undefined})
  const partOf = new Map(parts.facts.map(({diffId, part}) => [diffId, part]))
  const keep = (diffIds: ReadonlySet<string>): Promise<void> =>
    parts.keep([...diffIds].flatMap((diffId) => partOf.get(diffId) ?? []))
  const layers: MountLayer[] = []
  for (const [index, facts] of parts.facts.entries()) {
    const history = historyOf(options, `, part ${index + 1} of ${parts.facts.length}`)
    const read = (): AsyncIterable<Buffer> => parts.layer(facts.part)
    const {compressed} = isMeasured ? {} : await encode(read(), {cleanup})
    layers.push({...mount, ...listedOf(facts), ...{keep, history, compressed, uncompressed: read}})
  }
  return layers
}

function listedOf({
  contentBytes,
  diffId,
  entries,
  listDigest,
  repeatedFolders,
  size,
}: PartFacts): Pick<MountLayer, 'contentBytes' | 'diffId' | 'entries' | 'listDigest' | 'repeatedFolders' | 'size'> {
  return {contentBytes, diffId, entries, listDigest, repeatedFolders, size: () => Promise.resolve(size)}
}

function historyOf({created, isEmpty, recording, type}: RecordedLayerOptions, part = ''): HistoryEntry {
  return {created, created_by: `keg docker package: ${isEmpty ? 'nothing of ' : ''}${type} ${recording.path}${part}`}
}
