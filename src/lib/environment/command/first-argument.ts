/** What tells whether the word after a flag belongs to it. */
export interface FlagShape {
  readonly type: 'boolean' | 'option'
  readonly char?: string | undefined
  readonly aliases?: readonly string[] | undefined
  readonly charAliases?: readonly string[] | undefined
}

/**
 * The first word of a command line that is neither a flag nor the value of one; undefined where there is none.
 * @param words what follows the command
 * @param flags of the command, by their names
 */
export function firstArgument(
  words: readonly string[],
  flags: Readonly<Record<string, FlagShape>>,
): string | undefined {
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    if (word === '--') return words[index + 1]
    if (!word.startsWith('-') || word === '-') return word
    if (takesNext(word, flags)) index++
  }
  return undefined
}

function takesNext(word: string, flags: Readonly<Record<string, FlagShape>>): boolean {
  const shapes = Object.entries(flags)
  if (word.startsWith('--')) {
    const name = word.slice(2)
    return shapes.some(([each, {aliases, type}]) => type === 'option' && [each, ...(aliases ?? [])].includes(name))
  }
  // Short flags may stand together; what follows one with a value is that value.
  const place = word
    .slice(1)
    .split('')
    .findIndex((char) =>
      shapes.some(([, shape]) => shape.type === 'option' && [shape.char, ...(shape.charAliases ?? [])].includes(char)),
    )
  return place !== -1 && place === word.length - 2
}
