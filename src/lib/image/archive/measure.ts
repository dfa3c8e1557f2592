import {createHash} from 'node:crypto'
import type {EncodedTar, EncodeOptions} from './encoded-tar.js'

/** Reads a tar that will be sent uncompressed, to compute its digest and size: the size comes before the tar. */
export async function measure(tar: AsyncIterable<Buffer>, {onBytes}: EncodeOptions): Promise<EncodedTar> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of tar) {
    hash.update(chunk)
    size += chunk.length
    onBytes?.(size)
  }
  return {diffId: `sha256:${hash.digest('hex')}`, size, compressed: undefined}
}
