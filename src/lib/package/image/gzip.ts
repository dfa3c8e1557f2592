import {promisify} from 'node:util'
import {gzip as gzipCallback} from 'node:zlib'
import {gather} from '../spool.js'

const gzip = promisify(gzipCallback)

const MEMBER = 1024 * 1024

/**
 * Compresses a stream as gzip with one member for each mebibyte (RFC 1952, 2.2: a file is a series of members), several at
 * a time on libuv's threads. The same content always gives the same bytes.
 */
export async function* gzipMembers(source: AsyncIterable<Buffer>, parallel = 4): AsyncGenerator<Buffer> {
  const waiting: Promise<Buffer>[] = []
  let isEmpty = true
  for await (const chunk of gather(source, MEMBER)) {
    isEmpty = false
    const member = gzip(chunk, {level: 6})
    member.catch(() => undefined) // awaited below, in its turn
    waiting.push(member)
    if (waiting.length >= parallel) yield await (waiting.shift() as Promise<Buffer>)
  }
  for (const member of waiting) yield await member
  if (isEmpty) yield await gzip(Buffer.alloc(0))
}
