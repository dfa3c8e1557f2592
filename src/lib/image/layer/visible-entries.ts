import {readTar, type TarEntry} from '../../tar/read-tar.js'
import {textToBytes, type TarHeader} from '../../tar/tar-header.js'

/**
 * What a container sees of a path below mounts: everything; nothing; or, for a mount point, that a folder or file exists, but not
 * its content.
 */
export type Visibility = 'shown' | 'mount-point' | 'hidden'

/** Which paths to read; all are byte strings without a leading slash. */
export interface VisibleOptions {
  readonly visibility: (path: string) => Visibility
  /** The container's path for a path of the archive. */
  readonly place?: (path: string) => string
}

/**
 * Reads from an archive what its container sees: a file that another mount hides is empty, and the content of a hidden folder is
 * left out. A file with several names, the first of which is hidden, comes under its first visible one, after all others.
 * @param read returns the archive, from its beginning with each call
 */
export async function* visibleEntries(
  read: () => AsyncIterable<Buffer>,
  {place = (path) => path, visibility}: VisibleOptions,
): AsyncGenerator<TarEntry> {
  /** First visible names of files, by the name that has the content in the archive. */
  const renamed = new Map<string, string>()
  for await (const {content, header: archived} of readTar(read())) {
    const header = placedHeader(archived, place)
    const seen = visibility(header.path)
    if (seen === 'hidden') continue
    if (seen === 'mount-point' && header.type !== 'directory') yield {header: emptied(header), content: NOTHING}
    else if (header.type === 'hardlink' && visibility(header.link) !== 'shown') {
      if (!renamed.has(header.link)) renamed.set(header.link, header.path)
    } else yield {header, content}
  }
  if (renamed.size === 0) return
  for await (const {content, header: archived} of readTar(read())) {
    const header = placedHeader(archived, place)
    const name = renamed.get(header.type === 'hardlink' ? header.link : header.path)
    if (name === undefined) continue
    if (header.type !== 'hardlink') yield {header: {...header, path: name}, content}
    else if (header.path !== name && visibility(header.path) === 'shown')
      yield {header: {...header, link: name}, content}
  }
}

/** A file without its content: owner, mode and time are kept. */
export function emptied(header: TarHeader): TarHeader {
  return {...header, type: 'file', size: 0, link: '', deviceMajor: 0, deviceMinor: 0, xattrs: new Map()}
}

function placedHeader(header: TarHeader, place: (path: string) => string): TarHeader {
  return {...header, path: place(header.path), link: header.type === 'hardlink' ? place(header.link) : header.link}
}

const NOTHING: AsyncIterable<Buffer> = {
  async *[Symbol.asyncIterator]() {
    // No content.
  },
}

/**
 * What a container sees of paths below other mounts, and of paths that are left out with everything below them.
 * @param mountPoints absolute paths, like `agentFiles`
 */
export function visibilityOf(
  mountPoints: readonly string[],
  agentFiles: readonly string[] = [],
): VisibleOptions['visibility'] {
  if (mountPoints.length === 0 && agentFiles.length === 0) return () => 'shown'
  const points = new Set(mountPoints.map((path) => textToBytes(path.slice(1))))
  const without = new Set(agentFiles.map((path) => textToBytes(path.slice(1))))
  return (path) => {
    if (without.has(path)) return 'hidden'
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const folder = path.slice(0, slash)
      if (points.has(folder) || without.has(folder)) return 'hidden'
    }
    return points.has(path) ? 'mount-point' : 'shown'
  }
}
