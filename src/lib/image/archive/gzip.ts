import {promisify} from 'node:util'
import {deflateRaw as deflateRawCallback, gzip as gzipCallback} from 'node:zlib'
import {compressedParts, type PartOptions} from './compressed-parts.js'

const deflateRaw = promisify(deflateRawCallback)
const gzip = promisify(gzipCallback)

/** Two thirds of the time of zlib's own default, 6, for text, and 3 % more bytes. */
export const GZIP_LEVEL = 4

/** The level at which zlib compresses nothing. */
const STORED = 0

/**
 * Bytes that zlib compresses to before the main thread has to fetch them. With its own 16 KiB, a part waits dozens of times for a thread
 * that is busy reading.
 */
const OUTPUT_BYTES = 256 * 1024

/** Twice the memory for symbols of zlib's default, 8: fewer, larger blocks, a third faster where compressible and other data alternate. */
const MEMORY_LEVEL = 9

/** Pieces of a part, evenly spread, that tell whether it is worth compressing, and the bytes of each. */
const SAMPLES = 8
const SAMPLE_BYTES = 2048

/** The share of the samples that zlib has to save. */
const WORTHWHILE = 0.02

export interface GzipOptions extends PartOptions {
  /** 1 is the fastest, 9 gives the smallest output. */
  readonly level?: number
}

/**
 * Compresses a stream as gzip, with one member for each mebibyte (RFC 1952, 2.2: a file is a series of members), several in
 * parallel on libuv's threads. What is compressed already, such as pictures and archives, is stored as it is: zlib would take thirty
 * times as long for nothing. The same content always gives the same bytes.
 */
export function gzipMembers(
  source: AsyncIterable<Buffer>,
  {level = GZIP_LEVEL, ...options}: GzipOptions = {},
): AsyncGenerator<Buffer> {
  const compress = async (part: Buffer): Promise<Buffer> =>
    gzip(part, {level: (await isWorthwhile(part)) ? level : STORED, memLevel: MEMORY_LEVEL, chunkSize: OUTPUT_BYTES})
  return compressedParts(source, compress, options)
}

/** Whether zlib saves anything of a part, as far as samples of it tell. */
async function isWorthwhile(part: Buffer): Promise<boolean> {
  if (part.length <= SAMPLES * SAMPLE_BYTES) return true
  const step = Math.floor((part.length - SAMPLE_BYTES) / (SAMPLES - 1))
  const starts = Array.from({length: SAMPLES}, (_, index) => index * step)
  const sample = Buffer.concat(starts.map((start) => part.subarray(start, start + SAMPLE_BYTES)))
  const {length} = await deflateRaw(sample, {level: 1})
  return length <= sample.length * (1 - WORTHWHILE)
}
