import {BLOCK, paddingAfter, type TarHeader} from '../../../tar/tar-header.js'
import {parentOf} from './parent-of.js'

/** A large file of a mount. */
export interface LargeFile {
  readonly path: string
  readonly weight: number
}

/** How much room the files of a mount take in a tar, by folder. Paths are byte strings without a leading slash. */
export class FolderWeights {
  /** Bytes of the files in each folder, and of its own header, without the folders in it. */
  readonly #own = new Map<string, number>()
  readonly #large: LargeFile[] = []
  readonly #linked = new Set<string>()
  #total = 0

  /** @param minLargeFile bytes from which a file may get a layer of its own */
  constructor(private readonly minLargeFile: number) {}

  /** All folders, and their own bytes. */
  get own(): ReadonlyMap<string, number> {
    return this.#own
  }

  /** The largest first. */
  get large(): readonly LargeFile[] {
    return [...this.#large].sort((one, other) => other.weight - one.weight || (one.path < other.path ? -1 : 1))
  }

  /** Paths of files that have other names too. */
  get linked(): ReadonlySet<string> {
    return this.#linked
  }

  /** Bytes of all of it. */
  get total(): number {
    return this.#total
  }

  add(header: TarHeader): void {
    const weight = weightOf(header)
    const folder = header.type === 'directory' ? header.path : parentOf(header.path)
    this.#own.set(folder, (this.#own.get(folder) ?? 0) + weight)
    this.#total += weight
    if (header.type === 'hardlink') this.#linked.add(header.link)
    if (weight >= this.minLargeFile) this.#large.push({path: header.path, weight})
  }
}

/** Bytes of a file in a tar. */
export function weightOf({size}: Pick<TarHeader, 'size'>): number {
  return BLOCK + size + paddingAfter(size)
}
