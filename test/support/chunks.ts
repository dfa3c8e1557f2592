/** Bytes as a stream of chunks of one size; the last can be smaller. */
export async function* inChunks(bytes: Buffer, size = Math.max(bytes.length, 1)): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < bytes.length; offset += size)
    yield await Promise.resolve(bytes.subarray(offset, offset + size))
}

/** Bytes as a stream of chunks that end at the given places. */
export async function* cutAt(bytes: Buffer, places: readonly number[]): AsyncGenerator<Buffer> {
  let from = 0
  for (const place of [...places].sort((left, right) => left - right)) {
    yield await Promise.resolve(bytes.subarray(from, place))
    from = Math.max(from, place)
  }
  yield bytes.subarray(from)
}
