import {randomUUID} from 'node:crypto'
import {open, unlink, type FileHandle} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {FailedError} from '../error/keg-error.js'
import {property} from '../json/json.js'
import {withoutFirst} from '../tar/bytes.js'
import type {SkippableStream} from '../tar/skippable-stream.js'

const CHUNK = 1024 * 1024

/** What Linux writes with one call (IOV_MAX, writev(2)). */
const MAX_PIECES = 1024

/** Somebody who waits for so many bytes of a file. */
interface Waiting {
  readonly bytes: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Some bytes of a file. */
export interface SpoolRange {
  readonly offset: number
  readonly length: number
}

/**
 * A temporary file without a name: it is unlinked as soon as it is open, so that nothing is left behind, however keg ends.
 * Written once from its beginning, then read any number of times.
 */
export class Spool implements AsyncDisposable {
  #size = 0
  #written = 0
  #waiting: Waiting[] = []
  #failure: {readonly error: unknown} | undefined

  private constructor(private readonly file: FileHandle) {}

  /** @throws FailedError `spool-failed` if no temporary file can be created. */
  static async create(): Promise<Spool> {
    const path = join(tmpdir(), `keg-${randomUUID()}`)
    try {
      const file = await open(path, 'wx+', 0o600)
      await unlink(path)
      return new Spool(file)
    } catch (error) {
      throw spoolFailed(error)
    }
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#size
  }

  /** Appends a stream; reads the next chunk while the previous one is written. */
  async writeAll(source: AsyncIterable<Buffer>, onBytes?: (bytes: number) => void): Promise<void> {
    try {
      await this.#append(source, onBytes)
    } catch (error) {
      this.#failure = {error}
      for (const {reject} of this.#waiting.splice(0)) reject(error)
      throw error
    }
  }

  /**
   * Waits until the first bytes are in the file: they can be read then, although others are still written.
   * @throws why they could not be written
   */
  async written(bytes: number): Promise<void> {
    if (bytes <= this.#written) return
    if (this.#failure !== undefined) throw this.#failure.error
    await new Promise<void>((resolve, reject) => this.#waiting.push({bytes, resolve, reject}))
  }

  async #append(source: AsyncIterable<Buffer>, onBytes?: (bytes: number) => void): Promise<void> {
    let writing: Promise<void> = Promise.resolve()
    try {
      for await (const {bytes, pieces} of batches(source)) {
        await writing
        const position = this.#size
        this.#size += bytes
        writing = this.#write(pieces, position)
        writing.catch(() => undefined) // awaited with the next batch; until then it must not count as unhandled
        onBytes?.(this.#size)
      }
    } finally {
      await writing
    }
  }

  async #write(pieces: readonly Buffer[], position: number): Promise<void> {
    let written = position
    try {
      for (let rest = pieces; rest.length > 0;) {
        const {bytesWritten} = await this.file.writev(rest, written)
        written += bytesWritten
        rest = withoutFirst(rest, bytesWritten)
      }
      this.#written = written
    } catch (error) {
      throw spoolFailed(error)
    }
    const ready = this.#waiting.filter(({bytes}) => bytes <= this.#written)
    this.#waiting = this.#waiting.filter((waiting) => !ready.includes(waiting))
    for (const {resolve} of ready) resolve()
  }

  /** Discards what was written. */
  async clear(): Promise<void> {
    this.#size = this.#written = 0
    this.#failure = undefined
    await this.file.truncate(0)
  }

  /** The content, or a part of it. The chunks are new buffers, safe to keep. */
  read({offset = 0, length}: Partial<SpoolRange> = {}): SkippableStream {
    return new SpoolReader(this.file, {offset, length: length ?? this.#size - offset})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.file.close()
  }
}

/** Reads a part of a file from its beginning; what is skipped is not read. */
class SpoolReader implements SkippableStream {
  #position: number
  #end: number

  constructor(
    private readonly file: FileHandle,
    {length, offset}: SpoolRange,
  ) {
    this.#position = offset
    this.#end = offset + length
  }

  async next(): Promise<IteratorResult<Buffer, undefined>> {
    const length = Math.min(CHUNK, this.#end - this.#position)
    if (length <= 0) return {done: true, value: undefined}
    const {bytesRead, buffer} = await this.file.read(Buffer.allocUnsafe(length), 0, length, this.#position)
    if (bytesRead === 0) throw spoolFailed(new Error('the temporary file became shorter'))
    this.#position += bytesRead
    return {done: false, value: buffer.subarray(0, bytesRead)}
  }

  skip(bytes: number): void {
    this.#position += bytes
  }

  return(): Promise<IteratorResult<Buffer, undefined>> {
    this.#end = this.#position
    return Promise.resolve({done: true, value: undefined})
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

/** A stream in batches of about a mebibyte, whose pieces are written at once without being copied together. */
async function* batches(
  source: AsyncIterable<Buffer>,
): AsyncGenerator<{readonly bytes: number; readonly pieces: readonly Buffer[]}> {
  let pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of source) {
    if (piece.length === 0) continue
    pieces.push(piece)
    bytes += piece.length
    if (bytes < CHUNK && pieces.length < MAX_PIECES) continue
    yield {bytes, pieces}
    pieces = []
    bytes = 0
  }
  if (bytes > 0) yield {bytes, pieces}
}

/** A stream in chunks of exactly `size` bytes, except for the last. */
export async function* gather(source: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer> {
  let parts: Buffer[] = []
  let length = 0
  for await (const part of source) {
    parts.push(part)
    length += part.length
    if (length < size) continue
    const whole = parts.length === 1 ? part : Buffer.concat(parts, length)
    let offset = 0
    for (; length - offset >= size; offset += size) yield whole.subarray(offset, offset + size)
    parts = [whole.subarray(offset)]
    length -= offset
  }
  if (length > 0) yield Buffer.concat(parts, length)
}

function spoolFailed(cause: unknown): FailedError {
  const full = property(cause, 'code') === 'ENOSPC'
  return new FailedError(
    full ? `No space left in ${tmpdir()} to record the mounts.` : `A temporary file in ${tmpdir()} cannot be used.`,
    {code: 'spool-failed', hint: 'Free some space there, or set TMPDIR to another folder.', cause},
  )
}
