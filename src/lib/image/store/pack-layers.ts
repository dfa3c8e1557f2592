import type {Cleanup} from '../../async/cleanup.js'
import {digesting} from '../../tar/bytes.js'
import {compress} from '../archive/compress.js'
import type {LayoutLayer} from '../archive/layout-files.js'
import {layerMissing} from '../archive/manifest.js'
import {OCI, OCI_TAR} from '../archive/media-types.js'
import {readArchive} from '../archive/read-archive.js'
import {Spool} from '../spool.js'
import type {BlobOptions} from './image-store.js'

/** Which layers to make blobs of. */
export interface PackOptions extends BlobOptions {
  /** Of all layers of the image. */
  readonly diffIds: ReadonlySet<string>
  /** Removes temporary files. */
  readonly cleanup: Cleanup
}

/**
 * Compresses the layers of an export as they pass. A layer that is left out is described as an uncompressed blob, which needs no
 * more than its size.
 * @throws FailedError `layer-missing`
 */
export async function packLayers(
  archive: AsyncIterable<Buffer>,
  {cleanup, diffIds, leftOut, onBytes}: PackOptions,
): Promise<Map<string, LayoutLayer>> {
  const found = new Map<string, LayoutLayer>()
  let before = 0
  for await (const part of readArchive(archive)) {
    if (part.kind !== 'layer') continue
    const {content, size} = part
    // Engines up to 24 do not name layers by their digests: only the content shows which one it is.
    const isNamed = part.digest !== undefined || leftOut.size === 0
    const spool = isNamed ? undefined : cleanup.use(await Spool.create())
    const diffId = spool === undefined ? part.digest : await record(content, spool)
    if (diffId !== undefined && leftOut.has(diffId))
      found.set(diffId, {descriptor: {mediaType: OCI_TAR, digest: diffId, size}, read: undefined})
    else {
      const options = {cleanup, onBytes: (bytes: number) => onBytes?.(before + bytes)}
      const packed = await compress(spool?.read() ?? content, options)
      const {digest, read, size: packedSize} = packed.compressed
      found.set(packed.diffId, {descriptor: {mediaType: OCI.layer, digest, size: packedSize}, read})
    }
    await spool?.clear()
    before += size
  }
  for (const diffId of diffIds) if (!found.has(diffId)) throw layerMissing(diffId)
  return found
}

/** @returns the digest */
async function record(content: AsyncIterable<Buffer>, spool: Spool): Promise<string> {
  const layer = digesting(content)
  await spool.writeAll(layer.chunks)
  return layer.digest()
}
