import {printable} from './text.js'

/**
 * The word that was probably meant: the one that needs the fewest added, dropped or changed letters, at most a third of the
 * longer word's; swapping two neighbours counts as one. Ignores letter case.
 */
export async function closestWord(typed: string, words: readonly string[]): Promise<string | undefined> {
  return (await loadClosestWord())(typed, words)
}

/** The same as a question to begin a hint with, `Did you mean shop? `; empty if no word is similar. */
export async function didYouMean(typed: string, words: readonly string[]): Promise<string> {
  const closest = await closestWord(typed, words)
  return closest === undefined ? '' : `Did you mean ${printable(closest)}? `
}

/** Loads {@link closestWord} for callers that cannot await it later. */
export async function loadClosestWord(): Promise<(typed: string, words: readonly string[]) => string | undefined> {
  const {distance} = await import('fastest-levenshtein')
  return (typed, words) => {
    const [closest] = [...new Set(words)]
      .map((word) => ({
        word,
        changes: isSwapped(typed, word) ? 1 : distance(typed.toLowerCase(), word.toLowerCase()),
      }))
      .filter(({changes, word}) => changes * 3 <= Math.max(word.length, typed.length))
      .sort((one, other) => one.changes - other.changes)
    return closest?.word
  }
}

/** Whether two neighbouring letters are swapped. */
function isSwapped(typed: string, word: string): boolean {
  const [one, other] = [typed.toLowerCase(), word.toLowerCase()]
  if (one.length !== other.length || one === other) return false
  let at = 0
  while (one[at] === other[at]) at++
  return one[at] === other[at + 1] && one[at + 1] === other[at] && one.slice(at + 2) === other.slice(at + 2)
}
