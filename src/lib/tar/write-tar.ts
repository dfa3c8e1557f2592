import type {TarEntry} from './read-tar.js'
import {encodeHeader, END_OF_TAR, paddingAfter} from './tar-header.js'

/** Writes entries as a tar, in their order. */
export async function* writeTar(entries: AsyncIterable<TarEntry>): AsyncGenerator<Buffer> {
  for await (const {content, header} of entries) {
    yield encodeHeader(header)
    yield* content
    if (paddingAfter(header.size) > 0) yield Buffer.alloc(paddingAfter(header.size))
  }
  yield END_OF_TAR
}
