import type {BigIntStats} from 'node:fs'
import {readdir, readlink, type FileHandle} from 'node:fs/promises'
import {FailedError} from '../../error/keg-error.js'
import {bytesToText, encodeHeader, END_OF_TAR, type TarHeader, type TarType} from '../../tar/tar-header.js'
import {entryBytes} from '../../tar/write-tar.js'
import {printable} from '../../terminal/text.js'
import {fileAt, mountIdOf, pathAt, reopen} from './file-at.js'
import type {IdMap} from './id-map.js'

/** Options for an archive. */
export interface OwnArchiveOptions {
  /** What is mounted, as the container has it. */
  readonly top: FileHandle
  /** Name of the archive's first component. */
  readonly name: string
  readonly users: IdMap
  readonly groups: IdMap
  /**
   * What is mounted below, by its path there (a byte string with a leading slash): `inside` for what belongs to the mount,
   * `other` for what is a separate mount or holds no files.
   */
  readonly inner: ReadonlyMap<string, 'inside' | 'other'>
  /** Called for each file, including sockets, which a tar cannot hold. */
  readonly onFile?: (stats: BigIntStats) => void
  readonly signal?: AbortSignal | undefined
}

/** A file of the archive. */
interface Placed {
  /** Relative to the top, as a byte string with a leading slash; empty for the top itself. */
  readonly place: string
  readonly stats: BigIntStats
}

/** A folder that is being read. */
interface OpenFolder {
  readonly file: FileHandle
  readonly place: string
  readonly names: string[]
}

/**
 * Writes what is mounted at one place of a container as the engine's archive would: names, types, modes, owners, times, symlinks,
 * hard links, devices and pipes, but no extended attributes, which Node cannot read. Nothing can lead out of the container: every
 * name is looked up in its open folder, no symlink is followed, and only regular files are opened.
 * @throws the system's errors; FailedError `mount-unreadable` for a file or folder that changed in the meantime.
 */
export async function* ownArchive(options: OwnArchiveOptions): AsyncGenerator<Buffer> {
  const {signal, top} = options
  const links = new Map<string, string>()
  const open: OpenFolder[] = []
  try {
    yield* entry(options, top, {place: '', stats: await top.stat({bigint: true})}, links)
    if ((await top.stat()).isDirectory()) open.push({file: top, place: '', names: await namesIn(top)})
    for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
      signal?.throwIfAborted()
      const name = folder.names.pop()
      if (name === undefined) {
        open.pop()
        if (folder.file !== top) await folder.file.close()
        continue
      }
      const place = `${folder.place}/${name}`
      const file = await fileAt(folder.file, name)
      let isKept = false
      try {
        const stats = await file.stat({bigint: true})
        const mount = options.inner.get(place)
        if (mount === 'other') {
          yield placeholder(options, {place, stats})
          continue
        }
        yield* entry(options, file, {place, stats}, links, () =>
          readlink(pathAt(folder.file, name), {encoding: 'buffer'}),
        )
        if (!stats.isDirectory()) continue
        if (mount === undefined && (await mountIdOf(file)) !== (await mountIdOf(folder.file))) throw changed(place)
        open.push({file, place, names: await namesIn(file)})
        isKept = true
      } finally {
        if (!isKept) await file.close()
      }
    }
    yield END_OF_TAR
  } finally {
    for (const {file} of open) if (file !== top) await file.close()
  }
}

/** Names in a folder in reverse order, as byte strings. */
async function namesIn(folder: FileHandle): Promise<string[]> {
  const names = await readdir(`/proc/self/fd/${folder.fd}`, {encoding: 'buffer'})
  return names.map((name) => name.toString('latin1')).sort((one, other) => (one < other ? 1 : -1))
}

async function* entry(
  options: OwnArchiveOptions,
  file: FileHandle,
  placed: Placed,
  links: Map<string, string>,
  target?: () => Promise<Buffer>,
): AsyncGenerator<Buffer> {
  const {stats} = placed
  const type = typeOf(stats)
  options.onFile?.(stats)
  if (type === undefined) return
  const header = headerOf(options, placed, type)
  if (type === 'symlink') {
    yield encodeHeader({...header, link: (await target?.())?.toString('latin1') ?? ''})
    return
  }
  if (type !== 'directory' && stats.nlink > 1n) {
    const key = `${stats.dev}:${stats.ino}`
    const first = links.get(key)
    if (first !== undefined) {
      yield encodeHeader({...header, type: 'hardlink', link: first})
      return
    }
    links.set(key, header.path)
  }
  if (type !== 'file') {
    yield encodeHeader(header)
    return
  }
  const size = Number(stats.size)
  yield* entryBytes({header: {...header, size}, content: content(file, placed, size)})
}

const CHUNK = 1024 * 1024

async function* content(found: FileHandle, {place}: Placed, size: number): AsyncGenerator<Buffer> {
  if (size === 0) return
  const file = await reopen(found)
  try {
    for (let position = 0; position < size;) {
      const length = Math.min(CHUNK, size - position)
      const {buffer, bytesRead} = await file.read(Buffer.allocUnsafe(length), 0, length, position)
      if (bytesRead === 0) throw changed(place)
      position += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

/** An empty file or folder in place of what another mount hides. */
function placeholder(options: OwnArchiveOptions, placed: Placed): Buffer {
  const type = placed.stats.isDirectory() ? 'directory' : 'file'
  return encodeHeader({...headerOf(options, placed, type), deviceMajor: 0, deviceMinor: 0})
}

function headerOf({groups, name, users}: OwnArchiveOptions, {place, stats}: Placed, type: TarType): TarHeader {
  const isDevice = type === 'character' || type === 'block'
  return {
    path: name + place,
    type,
    mode: Number(stats.mode & 0o7777n),
    uid: users(Number(stats.uid)),
    gid: groups(Number(stats.gid)),
    size: 0,
    // Rounded down, also before 1970.
    mtime: Number(stats.mtimeNs / SECOND - (stats.mtimeNs % SECOND < 0n ? 1n : 0n)),
    link: '',
    deviceMajor: isDevice ? majorOf(stats.rdev) : 0,
    deviceMinor: isDevice ? minorOf(stats.rdev) : 0,
    xattrs: new Map<string, Buffer>(),
  }
}

const SECOND = 1_000_000_000n

/** @returns undefined for a socket */
function typeOf(stats: BigIntStats): TarType | undefined {
  if (stats.isDirectory()) return 'directory'
  if (stats.isSymbolicLink()) return 'symlink'
  if (stats.isFIFO()) return 'fifo'
  if (stats.isCharacterDevice()) return 'character'
  if (stats.isBlockDevice()) return 'block'
  return stats.isFile() ? 'file' : undefined
}

/** Splits a device number as glibc does (makedev(3)). */
function majorOf(device: bigint): number {
  return Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n))
}

function minorOf(device: bigint): number {
  return Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n))
}

function changed(place: string): FailedError {
  return new FailedError(`${printable(bytesToText(place)) || 'A file'} changed while it was read.`, {
    code: 'mount-unreadable',
    hint: 'Package it again.',
  })
}
