import {EntryList, type Entry} from '../entry-list.js'
import type {MountLayer, MountRecording} from '../model.js'
import {encodeLayer, type EncodeLayerOptions} from './encode-layer.js'
import {mountLayer} from './mount-layer.js'

/** A recorded mount, and callbacks. */
export interface RecordedLayerOptions
  extends Pick<MountLayer, 'destination' | 'isEmpty' | 'type'>, Omit<EncodeLayerOptions, 'read' | 'first' | 'history'> {
  readonly recording: MountRecording
  /** When the layer was made. */
  readonly created: string
  readonly onEntry?: (entry: Entry) => void
}

/** Makes a layer from a recorded mount, and lists its files. */
export async function recordedLayer(options: RecordedLayerOptions): Promise<MountLayer> {
  const {created, destination, isEmpty, onEntry, recording, type, ...encoding} = options
  const {path} = recording
  const list = new EntryList()
  let contentBytes = 0
  const first = mountLayer(recording, (entry) => {
    list.addEntry(entry)
    onEntry?.(entry)
    contentBytes += entry.header.size
  })
  const history = {created, created_by: `keg docker package: ${isEmpty ? 'nothing of ' : ''}${type} ${path}`}
  const content = await encodeLayer({...encoding, history, first, read: () => mountLayer(recording)})
  const listed = {entries: list.entries, listDigest: list.digest(), contentBytes}
  return {kind: 'mount', path, destination, type, isEmpty, recording, ...listed, ...content}
}
