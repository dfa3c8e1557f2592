/** Some bytes of a blob, as they were read: nothing is copied. */
export interface Chunk {
  readonly buffers: readonly Buffer[]
  readonly length: number
}

/** A chunk without its first bytes. */
export function chunkFrom({buffers, length}: Chunk, start: number): Chunk {
  let skip = start
  const rest = buffers.flatMap((buffer) => {
    const part = buffer.subarray(Math.min(skip, buffer.length))
    skip = Math.max(0, skip - buffer.length)
    return part.length > 0 ? [part] : []
  })
  return {buffers: rest, length: Math.max(0, length - start)}
}

/**
 * Cuts a stream into chunks of at least this many bytes, but for the last, and reads one ahead: a source does not stand still while a
 * chunk is sent.
 */
export class ChunkReader implements AsyncDisposable {
  readonly #source: AsyncIterator<Buffer>
  #next: Promise<Chunk | undefined> | undefined
  #isAtEnd = false

  /** @param bytes can be changed for the chunks that are still to be read */
  constructor(
    content: AsyncIterable<Buffer>,
    public bytes: number,
  ) {
    this.#source = content[Symbol.asyncIterator]()
  }

  /** The next chunk; undefined at the end. Every stream has at least one, which may be empty. */
  async next(): Promise<Chunk | undefined> {
    const chunk = await (this.#next ?? this.#read())
    this.#next =
      chunk === undefined || this.#isAtEnd
        ? Promise.resolve(undefined)
        : this.#read().then((ahead) => (ahead.length === 0 ? undefined : ahead))
    this.#next.catch(() => undefined)
    return chunk
  }

  /** Whether the chunk just returned was the last; waits for the next one to know. */
  async isLast(): Promise<boolean> {
    return (await this.#next) === undefined
  }

  /** Ends the stream. A source that is still waiting for its next bytes ends later. */
  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isAtEnd) Promise.resolve(this.#source.return?.()).catch(() => undefined)
    return Promise.resolve()
  }

  async #read(): Promise<Chunk> {
    const buffers: Buffer[] = []
    let length = 0
    while (length < this.bytes && !this.#isAtEnd) {
      const next = await this.#source.next()
      this.#isAtEnd = next.done === true
      if (next.done === true) break
      buffers.push(next.value)
      length += next.value.length
    }
    return {buffers, length}
  }
}
