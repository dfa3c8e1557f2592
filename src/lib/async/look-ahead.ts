/** A stream that can be peeked into, and whose reader can stop in the middle without closing it for the next reader. */
export class LookAhead implements AsyncIterable<Buffer> {
  readonly #source: AsyncIterator<Buffer>
  #start: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** The first bytes of the rest; fewer only if it ends before. */
  async peek(length: number): Promise<Buffer> {
    while (this.#start.length < length) {
      const next = await this.#source.next()
      if (next.done === true) break
      this.#start = Buffer.concat([this.#start, next.value])
    }
    return this.#start.subarray(0, length)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const start = this.#start
    this.#start = Buffer.alloc(0)
    if (start.length > 0) yield start
    for (let next = await this.#source.next(); next.done !== true; next = await this.#source.next()) yield next.value
  }

  /** Reads and discards the rest. */
  async drain(): Promise<void> {
    this.#start = Buffer.alloc(0)
    while ((await this.#source.next()).done !== true);
  }
}

/** A stream of existing bytes. */
// oxlint-disable-next-line typescript/require-await -- it is read like any other stream
export async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}
