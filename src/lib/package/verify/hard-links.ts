import type {Entry} from '../../image/entry-list.js'

/**
 * The hard links of a tar, independent of which name comes first: two archives of the same files may start with different ones.
 */
export class HardLinks {
  private constructor(
    /** The first name for each other name. */
    private readonly leaders: ReadonlyMap<string, string>,
    /** The entries of the first names. */
    private readonly files: ReadonlyMap<string, Entry>,
  ) {}

  /** @param read returns the entries, from their beginning with each call. */
  static async of(read: () => AsyncIterable<Entry>): Promise<HardLinks> {
    const leaders = new Map<string, string>()
    for await (const {header} of read())
      if (header.type === 'hardlink') leaders.set(header.path, leaders.get(header.link) ?? header.link)
    const files = new Map<string, Entry>()
    if (leaders.size > 0) {
      const wanted = new Set(leaders.values())
      for await (const entry of read()) if (wanted.has(entry.header.path)) files.set(entry.header.path, entry)
    }
    return new HardLinks(leaders, files)
  }

  /** The first of the names of a file; the given name if it has no other. */
  leaderOf(path: string): string {
    return this.leaders.get(path) ?? path
  }

  /** An entry as if it had the first name of its file; unchanged if that is not in the tar. */
  resolve(entry: Entry): Entry {
    if (entry.header.type !== 'hardlink') return entry
    const file = this.files.get(this.leaderOf(entry.header.path))
    return file === undefined ? entry : {...file, header: {...file.header, path: entry.header.path}}
  }
}
