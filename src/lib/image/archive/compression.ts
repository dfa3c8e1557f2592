import {Readable, type Duplex} from 'node:stream'
import {pipeline} from 'node:stream/promises'
import * as zlib from 'node:zlib'
import {MissingError, UsageError} from '../../error/keg-error.js'
import {property} from '../../json/json.js'
import {gather} from '../spool.js'
import {PART} from './compressed-parts.js'
import {GZIP_LEVEL, gzipMembers} from './gzip.js'
import {OCI, OCI_ZSTD} from './media-types.js'

/** How layers can be compressed. */
export const COMPRESSIONS = ['gzip', 'zstd'] as const
export type CompressionName = (typeof COMPRESSIONS)[number]

/** What the user says about it. */
export interface CompressionOptions {
  readonly compression: CompressionName
  /** Undefined for the default of the compression. */
  readonly level: number | undefined
}

/** Compresses layers: the same content always gives the same bytes. */
export interface Compressor {
  /** On which the bytes depend: `gzip 4`. */
  readonly name: string
  /** Of compressed layers. */
  readonly mediaType: string
  readonly compress: (tar: AsyncIterable<Buffer>) => AsyncGenerator<Buffer>
}

/** The highest level of each: more takes zstd a lot of memory. */
const MAX_LEVELS: Readonly<Record<CompressionName, number>> = {gzip: 9, zstd: 19}

/** zstd's own default. */
const ZSTD_LEVEL = 3

/** What Node has from 22.15 and 23.8 on. */
type CreateZstd = (options: {readonly params: Record<number, number>}) => Duplex

/** @throws UsageError `compression-level-invalid`; MissingError `zstd-missing` if this Node has no zstd */
export function compressorFor({compression, level}: CompressionOptions): Compressor {
  const max = MAX_LEVELS[compression]
  if (level !== undefined && (!Number.isSafeInteger(level) || level < 1 || level > max))
    throw new UsageError(`--compression-level ${level} is not a level of ${compression}.`, {
      code: 'compression-level-invalid',
      hint: `Give a level from 1 (fast) to ${max} (small).`,
    })
  return compression === 'gzip' ? gzipCompressor(level ?? GZIP_LEVEL) : zstdCompressor(level ?? ZSTD_LEVEL)
}

function gzipCompressor(level: number): Compressor {
  return {name: `gzip ${level}`, mediaType: OCI.layer, compress: (tar) => gzipMembers(tar, {level})}
}

/** One frame, because Node's own reader stops after the first; from parts of one size, on which its bytes depend. */
function zstdCompressor(level: number): Compressor {
  const create = property(zlib, 'createZstdCompress')
  const parameter = property(zlib.constants, 'ZSTD_c_compressionLevel')
  if (typeof create !== 'function' || typeof parameter !== 'number')
    throw new MissingError(`Node ${process.versions.node}, which runs keg, has no zstd.`, {
      code: 'zstd-missing',
      hint: 'Use Node 22.15 or newer, or leave out --compression zstd.',
    })
  const compress = async function* (tar: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const stream = (create as CreateZstd)({params: {[parameter]: level}})
    const feeding = pipeline(Readable.from(gather(tar, PART), {objectMode: false}), stream)
    // The reader gets the failure from the stream itself.
    feeding.catch(() => undefined)
    yield* stream as AsyncIterable<Buffer>
  }
  return {name: `zstd ${level}`, mediaType: OCI_ZSTD, compress}
}
