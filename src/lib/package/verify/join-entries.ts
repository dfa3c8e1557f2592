import type {Entry} from '../../image/entry-list.js'

/** The entries of two lists that have no counterpart in the other, by path. */
export interface Unmatched<Found extends Entry> {
  readonly expected: ReadonlyMap<string, Entry>
  readonly found: ReadonlyMap<string, Found>
  /** Paths that occur more than once in a list: a later entry would replace the earlier one. */
  readonly twice: readonly string[]
}

/**
 * Joins the entries of two lists by their paths, in any order. Reads both in step, and keeps only what waits for its counterpart:
 * memory grows with the differences, not with the size.
 */
export async function joinEntries<Found extends Entry>(
  expected: AsyncIterable<Entry>,
  found: AsyncIterable<Found>,
  onPair: (expected: Entry, found: Found) => void,
): Promise<Unmatched<Found>> {
  const waiting = {expected: new Map<string, Entry>(), found: new Map<string, Found>()}
  const twice: string[] = []
  const holdExpected = (entry: Entry): void => {
    const {path} = entry.header
    const match = waiting.found.get(path)
    if (match !== undefined) {
      waiting.found.delete(path)
      onPair(entry, match)
    } else if (waiting.expected.has(path)) twice.push(path)
    else waiting.expected.set(path, entry)
  }
  const holdFound = (entry: Found): void => {
    const {path} = entry.header
    const match = waiting.expected.get(path)
    if (match !== undefined) {
      waiting.expected.delete(path)
      onPair(match, entry)
    } else if (waiting.found.has(path)) twice.push(path)
    else waiting.found.set(path, entry)
  }
  const left = expected[Symbol.asyncIterator]()
  const right = found[Symbol.asyncIterator]()
  try {
    for (let isOver = false; !isOver;) {
      const [one, other] = await Promise.all([left.next(), right.next()])
      if (one.done !== true) holdExpected(one.value)
      if (other.done !== true) holdFound(other.value)
      isOver = one.done === true && other.done === true
    }
  } finally {
    await Promise.all([left.return?.(), right.return?.()])
  }
  return {...waiting, twice}
}
