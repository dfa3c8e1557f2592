import {availableParallelism} from 'node:os'
import {gather} from '../spool.js'

/** Bytes of a part. */
export const PART = 1024 * 1024

/** One more than there are processors keeps them busy while the next part is read; more, and more than libuv has threads, only takes memory. */
const PARALLEL = Math.min(4, availableParallelism() + 1)

export interface PartOptions {
  /** How many parts are compressed at once. */
  readonly parallel?: number
}

/**
 * Compresses a stream in parts of one mebibyte, several in parallel; each can be decompressed by itself, and all together are a stream
 * too. An empty stream has one part.
 */
export async function* compressedParts(
  source: AsyncIterable<Buffer>,
  compress: (part: Buffer) => Promise<Buffer>,
  {parallel = PARALLEL}: PartOptions = {},
): AsyncGenerator<Buffer> {
  const waiting: Promise<Buffer>[] = []
  let isEmpty = true
  for await (const chunk of gather(source, PART)) {
    isEmpty = false
    const part = compress(chunk)
    part.catch(() => undefined) // awaited below
    waiting.push(part)
    if (waiting.length >= parallel) yield await (waiting.shift() as Promise<Buffer>)
  }
  for (const part of waiting) yield await part
  if (isEmpty) yield await compress(Buffer.alloc(0))
}
