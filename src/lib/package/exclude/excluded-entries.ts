import {readTar} from '../../tar/read-tar.js'
import {bytesToText} from '../../tar/tar-header.js'
import {writeTar} from '../../tar/write-tar.js'
import {WHITEOUT} from '../../image/whiteout.js'
import {visibleEntries} from '../../image/layer/visible-entries.js'
import type {PathPatterns} from './path-patterns.js'

/** Paths and everything below them, as byte strings without a leading slash. */
export class PathSet {
  readonly #paths: ReadonlySet<string>

  constructor(paths: Iterable<string>) {
    this.#paths = new Set(paths)
  }

  get size(): number {
    return this.#paths.size
  }

  /** The topmost paths, as text. */
  get texts(): string[] {
    return [...this.#paths].map((path) => `/${bytesToText(path)}`).sort()
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#paths[Symbol.iterator]()
  }

  /** Whether a path is one of them, or below one. */
  covers(path: string): boolean {
    if (this.#paths.size === 0) return false
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1))
      if (this.#paths.has(path.slice(0, end))) return true
    return false
  }
}

/**
 * Finds the topmost paths of an archive that match patterns.
 * @param place the container's path for a path of the archive, as a byte string without a leading slash
 */
export async function excludedIn(
  archive: AsyncIterable<Buffer>,
  place: (path: string) => string,
  patterns: PathPatterns,
): Promise<string[]> {
  const folders = new Set<string>()
  const found: string[] = []
  for await (const {header} of readTar(archive)) {
    const path = place(header.path)
    const slash = path.lastIndexOf('/')
    const isBelow = slash > 0 && folders.has(path.slice(0, slash))
    const isFolder = header.type === 'directory'
    const matches = isBelow || patterns.matches(`/${bytesToText(path)}`, isFolder)
    // A deletion in a layer is not a file.
    if (!matches || path.slice(slash + 1).startsWith(WHITEOUT)) continue
    if (isFolder) folders.add(path)
    if (!isBelow) found.push(path)
  }
  return found
}

/**
 * An archive without what is excluded. A file with several names keeps its content under the remaining ones.
 * @param read returns the archive, from its beginning with each call
 * @param place the container's path for a path of the archive
 */
export function withoutExcluded(
  read: () => AsyncIterable<Buffer>,
  place: (path: string) => string,
  excluded: PathSet,
): AsyncGenerator<Buffer> {
  const visibility = (path: string): 'hidden' | 'shown' => (excluded.covers(place(path)) ? 'hidden' : 'shown')
  return writeTar(visibleEntries(read, {visibility}))
}
