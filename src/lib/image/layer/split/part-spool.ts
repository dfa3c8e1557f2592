import type {Spool} from '../../spool.js'
import type {PartChunk} from './split-mount.js'

interface Segment {
  readonly offset: number
  length: number
}

/**
 * The layers of several parts in one temporary file, in the order in which their bytes came: each is in few pieces. A layer can be read as
 * soon as its last bytes have come.
 */
export class PartSpool {
  readonly #segments = new Map<number, Segment[]>()

  constructor(private readonly spool: Spool) {}

  /** Whether the layer of a part is here. */
  has(part: number): boolean {
    return this.#segments.has(part)
  }

  /** Appends whole layers. */
  async write(chunks: AsyncIterable<PartChunk>): Promise<void> {
    await this.spool.writeAll(this.#listing(chunks))
  }

  /** The layer of a part, from its beginning. */
  async *read(part: number): AsyncGenerator<Buffer> {
    const segments = this.#segments.get(part)
    if (segments === undefined) throw new Error(`the part ${part} is not here`)
    for (const {length, offset} of segments) {
      await this.spool.written(offset + length)
      yield* this.spool.read({offset, length})
    }
  }

  /** Passes the bytes on, and lists where those of each part will be. */
  async *#listing(chunks: AsyncIterable<PartChunk>): AsyncGenerator<Buffer> {
    const segments = new Map<number, Segment[]>()
    let offset = this.spool.size
    let last: number | undefined
    for await (const {chunk, isLast, part} of chunks) {
      const list = segments.get(part) ?? []
      segments.set(part, list)
      const segment = last === part ? list.at(-1) : undefined
      if (segment === undefined) list.push({offset, length: chunk.length})
      else segment.length += chunk.length
      last = part
      offset += chunk.length
      if (isLast === true) this.#segments.set(part, list)
      yield chunk
    }
  }
}
