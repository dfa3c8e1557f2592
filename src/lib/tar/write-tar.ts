import type {TarEntry} from './read-tar.js'
import {encodeHeader, END_OF_TAR, paddingAfter} from './tar-header.js'

/** An entry with less content comes in one piece: to hand over its pieces takes longer than to copy them. */
const SMALL_BYTES = 65_536

const ZEROS = Buffer.alloc(paddingAfter(1))

/** Writes entries as a tar, in their order. */
export async function* writeTar(entries: AsyncIterable<TarEntry>): AsyncGenerator<Buffer> {
  for await (const entry of entries) yield* entryBytes(entry)
  yield END_OF_TAR
}

/**
 * One entry of a tar: its header, its content, and what fills the last block.
 * @param onContent called with all of the content, in pieces
 */
export async function* entryBytes(
  {content, header}: TarEntry,
  onContent?: (chunk: Buffer) => unknown,
): AsyncGenerator<Buffer> {
  const padding = ZEROS.subarray(0, paddingAfter(header.size))
  const head = encodeHeader(header)
  if (header.size >= SMALL_BYTES) {
    yield head
    for await (const chunk of content) {
      onContent?.(chunk)
      yield chunk
    }
    if (padding.length > 0) yield padding
    return
  }
  const pieces = [head]
  for await (const chunk of content) {
    onContent?.(chunk)
    pieces.push(chunk)
  }
  yield Buffer.concat([...pieces, padding])
}
