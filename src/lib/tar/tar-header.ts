/** The size of every block of a tar, in bytes. */
export const BLOCK = 512

/** The kinds of file in a tar, with the type flag of each (POSIX pax, IEEE Std 1003.1, "ustar Interchange Format"). */
const TYPE_FLAGS = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
} as const

export type TarType = keyof typeof TYPE_FLAGS

const TYPES = new Map<string, TarType>(Object.entries(TYPE_FLAGS).map(([type, flag]) => [flag, type as TarType]))

/**
 * One file as a tar describes it. Names are byte strings: one character (U+0000 to U+00FF) for each byte of the name on
 * disk, because a name need not be UTF-8. Paths have neither a leading `./` or `/` nor a trailing `/`.
 */
export interface TarHeader {
  readonly path: string
  readonly type: TarType
  /** Permission bits with setuid, setgid and sticky (07777). */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Bytes of content that follow; zero except for files. */
  readonly size: number
  /** Whole seconds since 1970; engines drop fractions. */
  readonly mtime: number
  /** The target of a symlink (unchanged), or the path of the file a hard link belongs to. Empty otherwise. */
  readonly link: string
  readonly deviceMajor: number
  readonly deviceMinor: number
  /** Extended attributes by name, with raw values, such as `security.capability`. */
  readonly xattrs: ReadonlyMap<string, Buffer>
}

/** The prefix of extended attributes among pax records, as GNU tar, star and Go write them. */
export const XATTR_RECORD = 'SCHILY.xattr.'

/** How many bytes of zeros fill up the last block of `size` bytes. */
export function paddingAfter(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK
}

/** The two empty blocks that end a tar. */
export const END_OF_TAR = Buffer.alloc(2 * BLOCK)

/** A byte string as text for people: as UTF-8 if it is valid. */
export function bytesToText(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

/** Text as a byte string. */
export function textToBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

export function typeOfFlag(flag: string): TarType | undefined {
  return TYPES.get(flag === '\0' || flag === '7' ? '0' : flag)
}

/**
 * Encodes a header as blocks: a ustar header, preceded by a pax header for whatever ustar cannot express (long or non-ASCII
 * names, large numbers, extended attributes). The same header always gives the same bytes; user and group names are left empty.
 */
export function encodeHeader(header: TarHeader): Buffer {
  const path = header.type === 'directory' ? `${header.path}/` : header.path
  const records: [string, string][] = []
  if (!fitsName(path)) records.push(['path', path])
  if (!fitsName(header.link)) records.push(['linkpath', header.link])
  if (header.size > largestOctal(11)) records.push(['size', String(header.size)])
  if (header.uid > largestOctal(7)) records.push(['uid', String(header.uid)])
  if (header.gid > largestOctal(7)) records.push(['gid', String(header.gid)])
  if (header.mtime < 0 || header.mtime > largestOctal(11)) records.push(['mtime', String(header.mtime)])
  for (const [name, value] of [...header.xattrs].sort(([left], [right]) => (left < right ? -1 : 1)))
    records.push([XATTR_RECORD + name, value.toString('latin1')])
  const block = encodeBlock(header, path, TYPE_FLAGS[header.type])
  return records.length === 0 ? block : Buffer.concat([encodePax(records), block])
}

function encodePax(records: readonly (readonly [string, string])[]): Buffer {
  const body = Buffer.from(records.map(([key, value]) => paxRecord(key, value)).join(''), 'latin1')
  const header = {mode: 0o644, uid: 0, gid: 0, size: body.length, mtime: 0, link: '', deviceMajor: 0, deviceMinor: 0}
  return Buffer.concat([encodeBlock(header, 'PaxHeaders/keg', 'x'), body, Buffer.alloc(paddingAfter(body.length))])
}

/** `<length> <key>=<value>\n`, where the length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = rest.length + 1
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length
  return `${length}${rest}`
}

function encodeBlock(header: Omit<TarHeader, 'path' | 'type' | 'xattrs'>, path: string, flag: string): Buffer {
  const block = Buffer.alloc(BLOCK)
  block.write(path.slice(0, 100), 0, 100, 'latin1')
  writeOctal(block, header.mode & 0o7777, 100, 8)
  writeOctal(block, header.uid, 108, 8)
  writeOctal(block, header.gid, 116, 8)
  writeOctal(block, header.size, 124, 12)
  writeOctal(block, header.mtime, 136, 12)
  block.fill(' ', 148, 156)
  block.write(flag, 156, 'latin1')
  block.write(header.link.slice(0, 100), 157, 100, 'latin1')
  block.write('ustar\u000000', 257, 'latin1')
  writeOctal(block, header.deviceMajor, 329, 8)
  writeOctal(block, header.deviceMinor, 337, 8)
  let checksum = 0
  for (let index = 0; index < BLOCK; index++) checksum += block[index] ?? 0
  block.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

/** Writes a number that does not fit as zero: the pax record in front has it. */
function writeOctal(block: Buffer, value: number, offset: number, length: number): void {
  const fits = value >= 0 && value <= largestOctal(length - 1)
  block.write((fits ? value : 0).toString(8).padStart(length - 1, '0'), offset, 'latin1')
}

function largestOctal(digits: number): number {
  return 8 ** digits - 1
}

function fitsName(name: string): boolean {
  return name.length <= 100 && /^[\u0001-\u007f]*$/.test(name)
}
