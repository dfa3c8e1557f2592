/**
 * The word that somebody may have meant who wrote another: the one that takes the fewest letters to add, drop or change, where
 * those are at most a third of it. Letter case is nothing.
 */
export async function closestWord(written: string, words: readonly string[]): Promise<string | undefined> {
  return (await loadClosestWord())(written, words)
}

/** {@link closestWord} for whoever may have to look for a word where nothing can be waited for. */
export async function loadClosestWord(): Promise<(written: string, words: readonly string[]) => string | undefined> {
  const {distance} = await import('fastest-levenshtein')
  return (written, words) => {
    const [closest] = [...new Set(words)]
      .map((word) => ({word, changes: distance(written.toLowerCase(), word.toLowerCase())}))
      .filter(({changes, word}) => changes * 3 <= Math.max(word.length, written.length))
      .sort((one, other) => one.changes - other.changes)
    return closest?.word
  }
}
