import {createHash} from 'node:crypto'
import type {EntryList} from '../image/entry-list.js'
import {mountLayer, type MountRecording} from './mount-layer.js'

/** What has to be known of a layer before it can be written anywhere. */
export interface LayerFacts {
  /** `sha256:...` of the uncompressed tar. */
  readonly diffId: string
  /** Bytes of the uncompressed tar. */
  readonly size: number
  /** Bytes of all files in it. */
  readonly contentBytes: number
}

/** Works out a mount's layer without writing it, and enters its files into the list. */
export async function layerFacts(
  recording: MountRecording,
  list: EntryList,
  {onBytes, signal}: {onBytes: (bytes: number) => void; signal: AbortSignal},
): Promise<LayerFacts> {
  const hash = createHash('sha256')
  let size = 0
  let contentBytes = 0
  const layer = mountLayer(recording, (entry) => {
    list.addEntry(entry)
    contentBytes += entry.header.size
  })
  for await (const chunk of layer) {
    signal.throwIfAborted()
    hash.update(chunk)
    size += chunk.length
    onBytes(size)
  }
  return {diffId: `sha256:${hash.digest('hex')}`, size, contentBytes}
}
