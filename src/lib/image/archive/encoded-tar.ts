import type {Cleanup} from '../../async/cleanup.js'
import type {CompressedLayer} from '../model.js'

/** A tar that was read once, ready to become a layer. */
export interface EncodedTar {
  /** Digest of the tar. */
  readonly diffId: string
  /** Bytes of the tar. */
  readonly size: number
  /** Undefined if it is sent uncompressed. */
  readonly compressed: CompressedLayer | undefined
}

export interface EncodeOptions {
  /** Removes temporary files. */
  readonly cleanup: Cleanup
  /** Called with the number of bytes of the tar done so far. */
  readonly onBytes?: (bytes: number) => void
}

/** Reads a tar to compute what a layer needs. */
export type Encoder = (tar: AsyncIterable<Buffer>, options: EncodeOptions) => Promise<EncodedTar>
