import type {Entry} from '../image/entry-list.js'
import {OPAQUE, WHITEOUT} from '../mount/mount-layer.js'
import type {EntrySpool} from './entry-spool.js'
import {changeKey} from './own-record.js'

/** The deletions in a layer (OCI image-spec, layer.md, "Whiteouts"), and the rest. Paths are kept by their keys. */
export class LayerShape {
  private readonly whiteouts = new Set<string>()
  private readonly opaque = new Set<string>()
  #count = 0

  private constructor(private readonly entries: EntrySpool | undefined) {}

  static async of(entries: EntrySpool | undefined): Promise<LayerShape> {
    const shape = new LayerShape(entries)
    for await (const {header} of entries?.read() ?? []) {
      const {folder, name} = split(header.path)
      if (name !== OPAQUE) shape.#count++
      if (name === OPAQUE) shape.opaque.add(changeKey(folder))
      else if (name.startsWith(WHITEOUT))
        shape.whiteouts.add(changeKey(`${folder}${folder === '' ? '' : '/'}${name.slice(WHITEOUT.length)}`))
    }
    return shape
  }

  /** Entries without markers of opaque folders. */
  get count(): number {
    return this.#count
  }

  /** Keys of the paths that the layer deletes. */
  get deleted(): readonly string[] {
    return [...this.whiteouts]
  }

  /** All entries that are no deletions. */
  async *files(): AsyncGenerator<Entry> {
    for await (const entry of this.entries?.read() ?? [])
      if (!split(entry.header.path).name.startsWith(WHITEOUT)) yield entry
  }

  /** Whether what lower layers have at a path, or what is below it there, does not show through. */
  hides(key: string): boolean {
    if (this.whiteouts.has(key)) return true
    return foldersAbove(key).some((folder) => this.whiteouts.has(folder) || this.opaque.has(folder))
  }

  /** Whether a folder stands in the layer for another that lower layers have there. */
  replaces(key: string): boolean {
    return this.opaque.has(key) || this.hides(key)
  }
}

function split(path: string): {folder: string; name: string} {
  const slash = path.lastIndexOf('/')
  return {folder: path.slice(0, Math.max(slash, 0)), name: path.slice(slash + 1)}
}

/** `a/b/c` lies in the root (the empty path), `a` and `a/b`. */
function foldersAbove(path: string): string[] {
  const names = path.split('/').slice(0, -1)
  return ['', ...names.map((_, index) => names.slice(0, index + 1).join('/'))]
}
