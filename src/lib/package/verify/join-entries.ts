import type {Entry} from '../../image/entry-list.js'

/** The entries of two lists that have no counterpart in the other, by path. */
export interface Unmatched {
  readonly expected: ReadonlyMap<string, Entry>
  readonly found: ReadonlyMap<string, Entry>
  /** Paths that occur more than once in a list: a later entry would replace the earlier one. */
  readonly twice: readonly string[]
}

/**
 * Joins the entries of two lists by their paths, in any order. Reads both in step, and keeps only what waits for its counterpart:
 * memory grows with the differences, not with the size.
 */
export async function joinEntries(
  expected: AsyncIterable<Entry>,
  found: AsyncIterable<Entry>,
  onPair: (expected: Entry, found: Entry) => void,
): Promise<Unmatched> {
  const waiting = {expected: new Map<string, Entry>(), found: new Map<string, Entry>()}
  const twice: string[] = []
  const hold = (side: 'expected' | 'found', entry: Entry): void => {
    const other = side === 'expected' ? 'found' : 'expected'
    const {path} = entry.header
    const match = waiting[other].get(path)
    if (match !== undefined) {
      waiting[other].delete(path)
      if (side === 'expected') onPair(entry, match)
      else onPair(match, entry)
    } else if (waiting[side].has(path)) twice.push(path)
    else waiting[side].set(path, entry)
  }
  const left = expected[Symbol.asyncIterator]()
  const right = found[Symbol.asyncIterator]()
  try {
    for (let isOver = false; !isOver;) {
      const [one, other] = await Promise.all([left.next(), right.next()])
      if (one.done !== true) hold('expected', one.value)
      if (other.done !== true) hold('found', other.value)
      isOver = one.done === true && other.done === true
    }
  } finally {
    await Promise.all([left.return?.(), right.return?.()])
  }
  return {...waiting, twice}
}
