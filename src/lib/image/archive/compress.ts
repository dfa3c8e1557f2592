import {digesting, tee} from '../../tar/bytes.js'
import {Spool} from '../spool.js'
import type {CompressedLayer} from '../model.js'
import type {EncodedTar, EncodeOptions} from './encoded-tar.js'
import {gzipMembers} from './gzip.js'

/** Compresses a tar into a temporary file, and computes its digests and sizes on the way. */
export async function compress(
  tar: AsyncIterable<Buffer>,
  {cleanup, onBytes}: EncodeOptions,
): Promise<EncodedTar & {readonly compressed: CompressedLayer}> {
  const spool = cleanup.use(await Spool.create())
  let size = 0
  const plain = digesting(
    tee(tar, ({length}) => {
      size += length
      onBytes?.(size)
    }),
  )
  const packed = digesting(gzipMembers(plain.chunks))
  await spool.writeAll(packed.chunks)
  const compressed = {digest: packed.digest(), size: spool.size, read: () => spool.read()}
  return {diffId: plain.digest(), size, compressed}
}
