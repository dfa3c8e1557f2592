/** A row of a searchable list. */
export interface SearchRow<T> {
  readonly name: string
  readonly value: T
}

/**
 * The rows that a search shows: those whose name contains every typed word, in any letter case. If the typed text can be an
 * answer, it is a row of its own: first if it has several words, as a pasted line does, otherwise last.
 * @param typed what the text itself means; undefined if it is not an answer
 */
export function searchRows<T>(
  rows: readonly SearchRow<T>[],
  text: string,
  typed: SearchRow<T> | undefined,
): readonly SearchRow<T>[] {
  const words = text.toLowerCase().split(/\s+/)
  const found = rows.filter(({name}) => words.every((word) => name.toLowerCase().includes(word)))
  if (text.trim() === '' || typed === undefined || rows.some(({name}) => name === text.trim())) return found
  return /[\s/:@]/.test(text.trim()) ? [typed, ...found] : [...found, typed]
}
