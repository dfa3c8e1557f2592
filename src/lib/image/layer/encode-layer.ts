import type {Cleanup} from '../../async/cleanup.js'
import {tee} from '../../tar/bytes.js'
import type {Encoder} from '../archive/encoded-tar.js'
import type {HistoryEntry, LayerContent} from '../model.js'

/** Options for making the content of a layer. */
export interface EncodeLayerOptions {
  /** The uncompressed tar, from its beginning with each call; always the same bytes. */
  readonly read: () => AsyncIterable<Buffer>
  /** The same for the first read, if somebody observes it. */
  readonly first?: AsyncIterable<Buffer>
  readonly history: HistoryEntry
  /** The encoder of the layer's store. */
  readonly encode: Encoder
  /** Removes temporary files. */
  readonly cleanup: Cleanup
  /** Called with the number of bytes done so far. */
  readonly onBytes?: (bytes: number) => void
  readonly signal: AbortSignal
}

/** Makes the content of a layer from a tar, which is read once to compute its digest and size. */
export async function encodeLayer({
  cleanup,
  encode,
  history,
  onBytes,
  signal,
  ...tar
}: EncodeLayerOptions): Promise<LayerContent> {
  const stoppable = tee(tar.first ?? tar.read(), () => signal.throwIfAborted())
  const {compressed, diffId, size} = await encode(stoppable, {cleanup, ...(onBytes && {onBytes})})
  return {
    diffId,
    history,
    stored: undefined,
    size: () => Promise.resolve(size),
    uncompressed: tar.read,
    compressed,
  }
}
