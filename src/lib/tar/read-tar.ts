import {FailedError} from '../error/keg-error.js'
import {printable} from '../terminal/text.js'
import {isSkippable} from './skippable-stream.js'
import {BLOCK, paddingAfter, typeOfFlag, XATTR_RECORD, type TarHeader} from './tar-header.js'

/** One file of a tar, with its content; content that nobody reads is skipped. */
export interface TarEntry {
  readonly header: TarHeader
  /** The content as a stream; if needed, read it before the next entry. */
  readonly content: AsyncIterable<Buffer>
}

/** A file of a tar, and where its content is. */
export interface PlacedEntry extends TarEntry {
  /** Of the first byte of its content in the tar. */
  readonly offset: number
}

/** What is wrong with a tar. */
export class TarError extends FailedError {
  /** @param why in words that continue a sentence: `it ends too early` */
  constructor(readonly why: string) {
    super(`Cannot read the tar archive from the engine: ${why}.`, {
      code: 'tar-invalid',
      hint: 'Try again. If it happens again, see the log of the engine.',
    })
  }
}

/** The limit for a pax or GNU header. Real tars stay below it. */
const LARGEST_META = 8 * 1024 * 1024

/**
 * Reads a tar as a stream: ustar, pax and GNU long names, exact to the byte, in constant memory. Releases the source when the
 * reader stops.
 * @throws TarError `tar-invalid` if the stream is not a tar, or ends before the tar does.
 */
export async function* readTar(source: AsyncIterable<Buffer>): AsyncGenerator<PlacedEntry> {
  const bytes = new ByteSource(source)
  try {
    yield* entries(bytes)
  } finally {
    await bytes.close()
  }
}

async function* entries(bytes: ByteSource): AsyncGenerator<PlacedEntry> {
  let records = new Map<string, Buffer>()
  for (;;) {
    const block = bytes.available(BLOCK) ?? (await bytes.take(BLOCK))
    if (block[0] === 0 && block.every((byte) => byte === 0)) break
    checkSum(block)
    const flag = String.fromCharCode(block[156] ?? 0)
    const size = readNumber(block, 124, 12)
    switch (flag) {
      case 'x':
        records = parsePax(await bytes.meta(size), records)
        continue
      case 'g':
        await bytes.meta(size)
        continue
      case 'L':
        records.set('path', withoutTrailingNul(await bytes.meta(size)))
        continue
      case 'K':
        records.set('linkpath', withoutTrailingNul(await bytes.meta(size)))
        continue
    }
    const header = parseHeader(block, flag, size, records)
    records = new Map()
    const content = new Content(bytes, header.size)
    yield {header, content, offset: bytes.position}
    await content.passOver()
  }
  await bytes.drain()
}

class Content implements AsyncIterable<Buffer> {
  #left: number
  #padding: number

  constructor(
    private readonly bytes: ByteSource,
    size: number,
  ) {
    this.#left = size
    this.#padding = paddingAfter(size)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    while (this.#left > 0) {
      const chunk = await this.bytes.upTo(this.#left)
      this.#left -= chunk.length
      yield chunk
    }
  }

  async passOver(): Promise<void> {
    const left = this.#left + this.#padding
    this.#left = 0
    this.#padding = 0
    await this.bytes.passOver(left)
  }
}

/** Reads exact numbers of bytes from chunks of any size, and copies only at chunk borders. */
class ByteSource {
  readonly #iterator: AsyncIterator<Buffer>
  #buffer: Buffer = Buffer.alloc(0)
  #position = 0

  constructor(source: AsyncIterable<Buffer>) {
    this.#iterator = source[Symbol.asyncIterator]()
  }

  /** How many bytes were taken. */
  get position(): number {
    return this.#position
  }

  /** `length` bytes if they have already been read: saves an await for each of many small files. */
  available(length: number): Buffer | undefined {
    if (this.#buffer.length < length) return undefined
    const taken = this.#buffer.subarray(0, length)
    this.#buffer = this.#buffer.subarray(length)
    this.#position += length
    return taken
  }

  async take(length: number): Promise<Buffer> {
    const parts: Buffer[] = []
    for (let left = length; left > 0;) {
      const part = await this.upTo(left)
      parts.push(part)
      left -= part.length
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
  }

  /** At least one byte, at most `length`. */
  async upTo(length: number): Promise<Buffer> {
    while (this.#buffer.length === 0) {
      const next = await this.#iterator.next()
      if (next.done === true) throw invalid('it ends too early')
      this.#buffer = next.value
    }
    const taken = this.#buffer.subarray(0, length)
    this.#buffer = this.#buffer.subarray(taken.length)
    this.#position += taken.length
    return taken
  }

  /** Leaves out bytes; reads them only if the source cannot do without. */
  async passOver(length: number): Promise<void> {
    let left = length - Math.min(length, this.#buffer.length)
    this.#buffer = this.#buffer.subarray(length - left)
    this.#position += length - left
    if (isSkippable(this.#iterator)) {
      this.#iterator.skip(left)
      this.#position += left
      return
    }
    while (left > 0) left -= (await this.upTo(left)).length
  }

  /** The body of a header that describes the next file. */
  async meta(size: number): Promise<Buffer> {
    checkMetaSize(size)
    const body = Buffer.from(await this.take(size))
    await this.take(paddingAfter(size))
    return body
  }

  /** Releases the source, even if it was not read to the end. */
  async close(): Promise<void> {
    await this.#iterator.return?.()
  }

  /** Reads whatever follows the end of the tar, so that the source's stream ends. */
  async drain(): Promise<void> {
    while ((await this.#iterator.next()).done !== true);
  }
}

/**
 * Parses a header, together with what pax and GNU headers before it say about the file.
 * @throws FailedError `tar-invalid`
 */
export function parseHeader(
  block: Buffer,
  flag: string,
  size: number,
  records: ReadonlyMap<string, Buffer>,
): TarHeader {
  const type = typeOfFlag(flag)
  if (type === undefined) throw invalid(`it has an entry of the unknown type ${printable(flag)}`)
  // Its content would be a map of its holes, and what is between them.
  if ([...records.keys()].some((key) => key.startsWith('GNU.sparse.'))) throw invalid('it has a sparse file')
  const text = (name: string): string | undefined => records.get(name)?.toString('latin1')
  const number = (name: string, otherwise: number): number => {
    const value = text(name)
    if (value === undefined) return otherwise
    const parsed = Math.floor(Number(value))
    if (!Number.isSafeInteger(parsed)) throw invalid(`its ${name} is no number`)
    return parsed
  }
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? readText(block, 345, 155) : ''
  const name = readText(block, 0, 100)
  const path = text('path') ?? (prefix === '' ? name : `${prefix}/${name}`)
  const link = text('linkpath') ?? readText(block, 157, 100)
  const contentSize = type === 'file' ? number('size', size) : 0
  if (contentSize < 0) throw invalid('a size in it is negative')
  return {
    path: cleanPath(path),
    type,
    mode: readNumber(block, 100, 8) & 0o7777,
    uid: number('uid', readNumber(block, 108, 8)),
    gid: number('gid', readNumber(block, 116, 8)),
    size: contentSize,
    mtime: number('mtime', readNumber(block, 136, 12)),
    link: type === 'hardlink' ? cleanPath(link) : type === 'symlink' ? link : '',
    deviceMajor: readNumber(block, 329, 8),
    deviceMinor: readNumber(block, 337, 8),
    xattrs: new Map(
      [...records]
        .filter(([key]) => key.startsWith(XATTR_RECORD))
        .map(([key, value]) => [key.slice(XATTR_RECORD.length), value]),
    ),
  }
}

/** Without `/` at either end, and without empty and `.` components; the root is the empty string. */
function cleanPath(path: string): string {
  const names = path.split('/').filter((name) => name !== '' && name !== '.')
  if (names.includes('..')) throw invalid('it has a path with .. in it')
  return names.join('/')
}

/** Adds the records of a pax header. @throws FailedError `tar-invalid` */
export function parsePax(body: Buffer, records: Map<string, Buffer>): Map<string, Buffer> {
  for (let offset = 0; offset < body.length;) {
    const space = body.indexOf(0x20, offset)
    const length = space < 0 ? NaN : Number(body.toString('latin1', offset, space))
    const equals = body.indexOf(0x3d, space)
    const end = offset + length
    if (!(length > 0) || end > body.length || equals < 0 || equals >= end || body[end - 1] !== 0x0a)
      throw invalid('it has a broken pax header')
    records.set(body.toString('latin1', space + 1, equals), body.subarray(equals + 1, end - 1))
    offset = end
  }
  return records
}

/** A name from a GNU header. */
export function withoutTrailingNul(name: Buffer): Buffer {
  const end = name.indexOf(0)
  return end < 0 ? name : name.subarray(0, end)
}

function readText(block: Buffer, offset: number, length: number): string {
  const end = block.indexOf(0, offset)
  return block.toString('latin1', offset, end < 0 || end > offset + length ? offset + length : end)
}

/** Octal digits, or base 256 if the first bit is set (GNU). @throws FailedError `tar-invalid` */
export function readNumber(block: Buffer, offset: number, length: number): number {
  const first = block[offset] ?? 0
  if ((first & 0x80) === 0) {
    const digits = readText(block, offset, length).trim()
    if (!/^[0-7]*$/.test(digits)) throw invalid('a number in it is none')
    return digits === '' ? 0 : parseInt(digits, 8)
  }
  let value = (first & 0x40) === 0 ? BigInt(first & 0x3f) : BigInt(first & 0x7f) - 0x80n
  for (let index = offset + 1; index < offset + length; index++) value = value * 256n + BigInt(block[index] ?? 0)
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw invalid('a number in it is too large')
  return number
}

/** Checks the size of a header's body. @throws FailedError `tar-invalid` */
export function checkMetaSize(size: number): void {
  if (size < 0 || size > LARGEST_META) throw invalid('a header has an impossible size')
}

function checkSum(block: Buffer): void {
  let sum = 0
  for (let index = 0; index < BLOCK; index++) sum += index >= 148 && index < 156 ? 0x20 : (block[index] ?? 0)
  if (sum !== readNumber(block, 148, 8)) throw invalid('a checksum in it is wrong')
}

function invalid(why: string): TarError {
  return new TarError(why)
}
