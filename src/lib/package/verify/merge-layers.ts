import type {Entry} from '../../image/entry-list.js'
import type {EntrySource} from './entry-spool.js'

/** A layer read back from an image. */
export interface FoundEntries {
  readonly diffId: string
  readonly entries: EntrySource
}

/** An entry of a layer. */
export interface FoundEntry extends Entry {
  readonly diffId: string
  /** Of its layer, from the bottom. */
  readonly index: number
}

/**
 * The entries of layers in the order of one archive, which each of them has too: engines write the files of a folder by their names, each
 * folder with what is in it.
 * @param layers from the bottom
 */
export async function* mergeLayers(layers: readonly FoundEntries[]): AsyncGenerator<FoundEntry> {
  const cursors = layers.map(({diffId, entries}, index) => new Cursor(entries, {diffId, index}))
  try {
    await Promise.all(cursors.map((cursor) => cursor.next()))
    for (;;) {
      let first: Cursor | undefined
      for (const cursor of cursors)
        if (cursor.key !== undefined && (first?.key === undefined || cursor.key < first.key)) first = cursor
      if (first?.entry === undefined) return
      yield first.entry
      await first.next()
    }
  } finally {
    await Promise.all(cursors.map((cursor) => cursor.close()))
  }
}

/** Reads one layer. */
class Cursor {
  readonly #iterator: AsyncIterator<Entry>
  /** The next entry; undefined at the end. */
  entry: FoundEntry | undefined
  /** Compares like its place in the archive. */
  key: string | undefined

  constructor(
    source: EntrySource,
    private readonly layer: Pick<FoundEntry, 'diffId' | 'index'>,
  ) {
    this.#iterator = source.read()[Symbol.asyncIterator]()
  }

  async next(): Promise<void> {
    const next = await this.#iterator.next()
    this.entry = next.done === true ? undefined : {...next.value, ...this.layer}
    this.key = this.entry?.header.path.replaceAll('/', '\0')
  }

  async close(): Promise<void> {
    await this.#iterator.return?.()
  }
}
