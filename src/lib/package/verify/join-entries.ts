import type {Entry} from '../image/entry-list.js'

/** What of two lists has no counterpart in the other, by path. */
export interface Unmatched {
  readonly expected: ReadonlyMap<string, Entry>
  readonly found: ReadonlyMap<string, Entry>
  /** Paths that a list has more than once: a later entry would replace the earlier one. */
  readonly twice: readonly string[]
}

/**
 * Brings the entries of two lists together by their paths, in whatever order they come. Both are read in step, and only what
 * waits for its counterpart is kept: memory grows with what differs, not with what is compared.
 */
export async function joinEntries(
  expected: AsyncIterable<Entry>,
  found: AsyncIterable<Entry>,
  onPair: (expected: Entry, found: Entry) => void,
): Promise<Unmatched> {
  const waiting = {expected: new Map<string, Entry>(), found: new Map<string, Entry>()}
  const twice: string[] = []
  const take = (side: 'expected' | 'found', entry: Entry): void => {
    const other = side === 'expected' ? 'found' : 'expected'
    const {path} = entry.header
    const counterpart = waiting[other].get(path)
    if (counterpart !== undefined) {
      waiting[other].delete(path)
      if (side === 'expected') onPair(entry, counterpart)
      else onPair(counterpart, entry)
    } else if (waiting[side].has(path)) twice.push(path)
    else waiting[side].set(path, entry)
  }
  const left = expected[Symbol.asyncIterator]()
  const right = found[Symbol.asyncIterator]()
  try {
    for (let isOver = false; !isOver;) {
      const [one, other] = await Promise.all([left.next(), right.next()])
      if (one.done !== true) take('expected', one.value)
      if (other.done !== true) take('found', other.value)
      isOver = one.done === true && other.done === true
    }
  } finally {
    await Promise.all([left.return?.(), right.return?.()])
  }
  return {...waiting, twice}
}
