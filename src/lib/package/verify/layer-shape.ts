import type {Entry} from '../../image/entry-list.js'
import {isWhiteoutName, OPAQUE, WHITEOUT} from '../../image/whiteout.js'
import {changeKey} from '../../container/container-changes.js'
import type {EntrySource} from './entry-spool.js'
import {parentPaths} from '../../tar/path.js'

/** The deletions in a layer (OCI image-spec, layer.md, "Whiteouts"), and the rest. Paths are byte strings. */
export class LayerShape {
  private readonly whiteouts = new Set<string>()
  private readonly opaque = new Set<string>()
  /** Number of deletions by key. */
  private readonly deletedKeys = new Map<string, number>()
  private readonly opaqueKeys = new Set<string>()
  #count = 0

  private constructor(private readonly entries: EntrySource | undefined) {}

  static async of(entries: EntrySource | undefined): Promise<LayerShape> {
    const shape = new LayerShape(entries)
    for await (const {header} of entries?.read() ?? []) shape.#add(header.path)
    return shape
  }

  /** Number of entries without markers of opaque folders. */
  get count(): number {
    return this.#count
  }

  /** The paths that the layer deletes. */
  get deleted(): readonly string[] {
    return [...this.whiteouts]
  }

  /** All entries that are not deletions. */
  async *files(): AsyncGenerator<Entry> {
    for await (const entry of this.entries?.read() ?? []) if (!isWhiteoutName(entry.header.path)) yield entry
  }

  /** Whether the layer hides what lower layers have at a path, or below it. */
  hides(path: string): boolean {
    if (this.whiteouts.has(path)) return true
    return foldersAbove(path).some((folder) => this.whiteouts.has(folder) || this.opaque.has(folder))
  }

  /**
   * Whether this number of paths of one key are deleted, or replaced by another file or folder of the layer.
   * @param key of a path, as in a list of changes
   */
  hidesKey(key: string, paths: number, {orReplaces}: {readonly orReplaces: boolean}): boolean {
    const replaced = orReplaces && this.opaqueKeys.has(key) ? 1 : 0
    if ((this.deletedKeys.get(key) ?? 0) + replaced >= paths) return true
    return foldersAbove(key).some((folder) => this.deletedKeys.has(folder) || this.opaqueKeys.has(folder))
  }

  #add(path: string): void {
    const slash = path.lastIndexOf('/')
    const [folder, name] = [path.slice(0, Math.max(slash, 0)), path.slice(slash + 1)]
    if (name === OPAQUE) {
      this.opaque.add(folder)
      this.opaqueKeys.add(changeKey(folder))
      return
    }
    this.#count++
    if (!name.startsWith(WHITEOUT)) return
    const deleted = `${folder}${folder === '' ? '' : '/'}${name.slice(WHITEOUT.length)}`
    const key = changeKey(deleted)
    this.whiteouts.add(deleted)
    this.deletedKeys.set(key, (this.deletedKeys.get(key) ?? 0) + 1)
  }
}

/** `a/b/c` is in the root (the empty path), `a` and `a/b`. */
function foldersAbove(path: string): string[] {
  return ['', ...parentPaths(path)]
}
