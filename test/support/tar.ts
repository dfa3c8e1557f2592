/**
 * A tar reader and writer for the tests alone. Names, link targets and extended attributes keep their exact bytes:
 * names are byte strings (one character per byte, latin1), attributes are buffers.
 *
 * Format: POSIX.1-2001 pax interchange (headers x and g), ustar, and GNU's L, K and base-256 numbers.
 */

export type EntryType = 'block device' | 'character device' | 'directory' | 'fifo' | 'file' | 'hardlink' | 'symlink'

/** A member of an archive. Its body must be read before the next member is requested; unread bytes are skipped. */
export interface TarMember {
  body: AsyncIterable<Buffer>
  gid: number
  /** Target of a symlink or hardlink as a byte string, else empty. */
  link: string
  major: number
  minor: number
  /** Permission bits with setuid, setgid and sticky (07777). */
  mode: number
  /** Seconds, rounded down. */
  mtime: number
  /** As stored, as a byte string, with a leading `./` or `/` and a trailing `/`. */
  name: string
  size: number
  type: EntryType
  uid: number
  xattrs: Map<string, Buffer>
}

/** An entry to write. Text is written as UTF-8; a buffer is for bytes that are not valid text. */
export interface FileEntry {
  content?: Buffer | string
  device?: {major: number; minor: number}
  gid?: number
  link?: Buffer | string
  /** Default: 0755 for a directory, 0777 for a symlink, else 0644. */
  mode?: number
  /** Seconds; default 1600000000. */
  mtime?: number
  path: Buffer | string
  /** Default: file. */
  type?: EntryType
  uid?: number
  xattrs?: Record<string, Buffer>
}

const blockSize = 512
const longestExtension = 16 * 1024 * 1024
const typeFlags: Record<EntryType, string> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  'character device': '3',
  'block device': '4',
  directory: '5',
  fifo: '6',
}
const xattrPrefix = 'SCHILY.xattr.'

/** Reads a stream of chunks by byte counts, with at most one chunk in memory. */
class ByteReader {
  private readonly chunks: AsyncIterator<Uint8Array>
  private rest: Buffer = Buffer.alloc(0)

  constructor(input: AsyncIterable<Uint8Array>) {
    this.chunks = input[Symbol.asyncIterator]()
  }

  /** The next available bytes, at most `limit`; undefined at the end. */
  async some(limit: number): Promise<Buffer | undefined> {
    while (this.rest.length === 0) {
      const next = await this.chunks.next()
      if (next.done === true) return undefined
      this.rest = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength)
    }
    const part = this.rest.subarray(0, limit)
    this.rest = this.rest.subarray(part.length)
    return part
  }

  /** Exactly `length` bytes; throws if the stream ends before. */
  async exactly(length: number): Promise<Buffer> {
    const parts: Buffer[] = []
    for (let missing = length; missing > 0;) {
      const part = await this.some(missing)
      if (part === undefined) throw new Error(`tar: cut off, ${missing} bytes missing`)
      parts.push(part)
      missing -= part.length
    }
    return Buffer.concat(parts)
  }

  /** Closes the source, so that it can end its process. */
  async stop(): Promise<void> {
    await this.chunks.return?.()
  }
}

/** The bytes of a member, which can be read once, in whole or in part. */
class Body implements AsyncIterable<Buffer> {
  constructor(
    private readonly reader: ByteReader,
    private remaining: number,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    while (this.remaining > 0) {
      const part = await this.reader.some(this.remaining)
      if (part === undefined) throw new Error(`tar: cut off, ${this.remaining} bytes of a file missing`)
      this.remaining -= part.length
      yield part
    }
  }
}

async function drain(body: Body): Promise<void> {
  const chunks = body[Symbol.asyncIterator]()
  while ((await chunks.next()).done !== true);
}

function textField(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length)
  const end = field.indexOf(0)
  return field.toString('latin1', 0, end === -1 ? length : end)
}

function numberField(header: Buffer, start: number, length: number): number {
  const field = header.subarray(start, start + length)
  const first = field[0] ?? 0
  if ((first & 0x80) !== 0) {
    // GNU base-256: two's complement, big-endian; the top bit only marks the format.
    let value = first & 0x40 ? BigInt(first) - 256n : BigInt(first & 0x7f)
    for (const byte of field.subarray(1)) value = value * 256n + BigInt(byte)
    return Number(value)
  }
  const text = textField(header, start, length).trim()
  if (!/^[0-7]*$/.test(text)) throw new Error(`tar: "${text}" is no octal number`)
  return text === '' ? 0 : Number.parseInt(text, 8)
}

function checkSum(header: Buffer): number {
  let sum = 8 * 0x20
  for (const [index, byte] of header.entries()) if (index < 148 || index >= 156) sum += byte
  return sum
}

/** Records of a pax header: keys as text, values as bytes. */
function paxRecords(data: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>()
  for (let start = 0; start < data.length;) {
    const space = data.indexOf(0x20, start)
    const length = Number(data.toString('latin1', start, space))
    const end = start + length
    const equals = data.indexOf(0x3d, space)
    if (space === -1 || !Number.isInteger(length) || end > data.length || equals === -1 || equals >= end)
      throw new Error('tar: broken pax record')
    if (data[end - 1] !== 0x0a) throw new Error('tar: pax record without its newline')
    records.set(data.toString('utf8', space + 1, equals), data.subarray(equals + 1, end - 1))
    start = end
  }
  return records
}

function typeOf(flag: string, name: string): EntryType {
  // NUL is a file in the oldest format, 7 a contiguous file; there, a trailing slash means a directory.
  if (flag === '\0' || flag === '7') return name.endsWith('/') ? 'directory' : 'file'
  for (const type of Object.keys(typeFlags) as EntryType[]) if (typeFlags[type] === flag) return type
  throw new Error(`tar: unknown type "${flag}" of ${JSON.stringify(name)}`)
}

function paxNumber(value: Buffer | undefined, otherwise: number): number {
  if (value === undefined) return otherwise
  const number = Number(value.toString('latin1'))
  if (value.length === 0 || !Number.isFinite(number)) throw new Error(`tar: pax number "${value.toString('latin1')}"`)
  return Math.floor(number)
}

/**
 * Reads a tar member by member, with one chunk in memory. Reads the input until its end, even past the archive's end.
 * Throws if the archive is truncated (even if only its closing zero block is missing), damaged, or of an unknown
 * format.
 */
export async function* readTar(input: AsyncIterable<Uint8Array>): AsyncGenerator<TarMember> {
  const reader = new ByteReader(input)
  const globals = new Map<string, Buffer>()
  let extension = new Map<string, Buffer>()
  try {
    for (;;) {
      const header = await reader.exactly(blockSize)
      if (header.every((byte) => byte === 0)) break
      if (numberField(header, 148, 8) !== checkSum(header)) throw new Error('tar: wrong header checksum')
      const flag = String.fromCharCode(header[156] ?? 0)
      const headerSize = numberField(header, 124, 12)

      if ('xgLK'.includes(flag)) {
        if (headerSize > longestExtension) throw new Error(`tar: extension of ${headerSize} bytes`)
        const data = await reader.exactly(headerSize)
        await reader.exactly((blockSize - (headerSize % blockSize)) % blockSize)
        if (flag === 'x') extension = new Map([...extension, ...paxRecords(data)])
        else if (flag === 'g') for (const [key, value] of paxRecords(data)) globals.set(key, value)
        else
          extension.set(
            flag === 'L' ? 'path' : 'linkpath',
            data.subarray(0, (data.indexOf(0) + 1 || data.length + 1) - 1),
          )
        continue
      }

      const pax = new Map([...globals, ...extension])
      extension = new Map()
      const xattrs = new Map<string, Buffer>()
      for (const [key, value] of pax) {
        if (key.startsWith('GNU.sparse.')) throw new Error('tar: sparse files are not read here')
        if (key.startsWith(xattrPrefix)) xattrs.set(key.slice(xattrPrefix.length), value)
      }
      const isUstar = header.toString('latin1', 257, 263) === 'ustar\0'
      const prefix = isUstar ? textField(header, 345, 155) : ''
      const shortName = textField(header, 0, 100)
      const name = pax.get('path')?.toString('latin1') ?? (prefix === '' ? shortName : `${prefix}/${shortName}`)
      const type = typeOf(flag, name)
      // Some writers store the target's size for links; no data follows them.
      const size = type === 'file' ? paxNumber(pax.get('size'), headerSize) : 0
      const body = new Body(reader, size)
      yield {
        body,
        gid: paxNumber(pax.get('gid'), numberField(header, 116, 8)),
        link: pax.get('linkpath')?.toString('latin1') ?? textField(header, 157, 100),
        major: type.endsWith('device') ? numberField(header, 329, 8) : 0,
        minor: type.endsWith('device') ? numberField(header, 337, 8) : 0,
        mode: numberField(header, 100, 8) & 0o7777,
        mtime: paxNumber(pax.get('mtime'), numberField(header, 136, 12)),
        name,
        size,
        type,
        uid: paxNumber(pax.get('uid'), numberField(header, 108, 8)),
        xattrs,
      }
      await drain(body)
      await reader.exactly((blockSize - (size % blockSize)) % blockSize)
    }
    while ((await reader.some(Number.MAX_SAFE_INTEGER)) !== undefined);
  } finally {
    await reader.stop()
  }
}

function bytesOf(text: Buffer | string): Buffer {
  return typeof text === 'string' ? Buffer.from(text, 'utf8') : text
}

function paxRecord(key: string, value: Buffer): Buffer {
  const payload = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')])
  let length = payload.length
  while (length !== payload.length + String(length).length) length = payload.length + String(length).length
  return Buffer.concat([Buffer.from(String(length)), payload])
}

function padded(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc((blockSize - (data.length % blockSize)) % blockSize)])
}

interface HeaderValues {
  device: {major: number; minor: number}
  flag: string
  gid: number
  link: Buffer
  mode: number
  mtime: number
  name: Buffer
  size: number
  uid: number
}

function headerBlock(values: HeaderValues): Buffer {
  const header = Buffer.alloc(blockSize)
  const octal = (value: number, start: number, length: number) =>
    header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, start, 'latin1')
  values.name.copy(header, 0, 0, 100)
  octal(values.mode, 100, 8)
  octal(values.uid, 108, 8)
  octal(values.gid, 116, 8)
  octal(values.size, 124, 12)
  octal(values.mtime, 136, 12)
  header.write(values.flag, 156, 'latin1')
  values.link.copy(header, 157, 0, 100)
  header.write('ustar\x0000', 257, 'latin1')
  octal(values.device.major, 329, 8)
  octal(values.device.minor, 337, 8)
  octal(checkSum(header), 148, 7)
  header.write(' ', 155, 'latin1')
  return header
}

/** Writes entries as one pax tar, in the given order. Parent directories are not added. */
export function writeTar(entries: readonly FileEntry[]): Buffer {
  const blocks: Buffer[] = []
  const largestOctal = 0o7777777
  const noDevice = {major: 0, minor: 0}
  for (const entry of entries) {
    const type = entry.type ?? 'file'
    const name = bytesOf(entry.path)
    const link = bytesOf(entry.link ?? '')
    const content = bytesOf(entry.content ?? '')
    const {device = noDevice, gid = 0, mtime = 1_600_000_000, uid = 0} = entry
    const mode = entry.mode ?? (type === 'directory' ? 0o755 : type === 'symlink' ? 0o777 : 0o644)

    const records: Buffer[] = []
    const needsRecord = (text: Buffer) => text.length > 100 || text.some((byte) => byte > 0x7e)
    if (needsRecord(name)) records.push(paxRecord('path', name))
    if (needsRecord(link)) records.push(paxRecord('linkpath', link))
    if (uid > largestOctal) records.push(paxRecord('uid', Buffer.from(String(uid))))
    if (gid > largestOctal) records.push(paxRecord('gid', Buffer.from(String(gid))))
    for (const [key, value] of Object.entries(entry.xattrs ?? {})) records.push(paxRecord(xattrPrefix + key, value))
    if (records.length > 0) {
      const data = Buffer.concat(records)
      const paxName = Buffer.from('pax')
      const values = {device: noDevice, gid: 0, link: Buffer.alloc(0), mode: 0o644, mtime: 0, uid: 0}
      blocks.push(headerBlock({...values, flag: 'x', name: paxName, size: data.length}), padded(data))
    }
    const cut = (id: number) => (id > largestOctal ? 0 : id)
    blocks.push(
      headerBlock({
        device,
        flag: typeFlags[type],
        gid: cut(gid),
        link,
        mode,
        mtime,
        name,
        size: content.length,
        uid: cut(uid),
      }),
      padded(content),
    )
  }
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockSize)])
}
