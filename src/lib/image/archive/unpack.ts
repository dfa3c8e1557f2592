import {Readable} from 'node:stream'
import {pipeline} from 'node:stream/promises'
import {createGunzip} from 'node:zlib'
import {LookAhead} from '../../async/look-ahead.js'
import {property} from '../../json/json.js'

/** How the tar of a layer is compressed. */
export type Compression = 'none' | 'gzip' | 'zstd'

/** How a layer is compressed, judging by its first bytes (RFC 1952, 2.3.1; RFC 8878, 3.1.1). Nothing is taken from it. */
export async function compressionOf(layer: LookAhead): Promise<Compression> {
  const magic = (await layer.peek(4)).toString('hex')
  if (magic === '28b52ffd') return 'zstd'
  return magic.startsWith('1f8b') ? 'gzip' : 'none'
}

/** The uncompressed tar of a gzip stream. */
export async function* gunzipped(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip()
  const feeding = pipeline(Readable.from(source, {objectMode: false}), gunzip)
  // The reader gets the failure from the stream itself.
  feeding.catch(() => undefined)
  yield* gunzip as AsyncIterable<Buffer>
}

/** Whether an error is zlib's: they have codes such as Z_DATA_ERROR. */
export function isDecompressionError(error: unknown): boolean {
  return /^Z_/.test(String(property(error, 'code')))
}

/** The uncompressed tar of a layer. @throws what zlib throws, also for a compression that it does not know */
export async function* unpacked(layer: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const bytes = new LookAhead(layer)
  yield* (await compressionOf(bytes)) === 'none' ? bytes : gunzipped(bytes)
}
