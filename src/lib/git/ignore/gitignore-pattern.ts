/**
 * Translates a line of a `.gitignore` to a Mutagen pattern that matches the same paths (gitignore(5) and git's wildmatch.c;
 * mutagen 0.18, pkg/synchronization/core/ignore/mutagen, with doublestar 4). In both, a slash that is not at the end anchors
 * a pattern, the last match decides, and nothing below an ignored folder can be included again.
 * @param line without its end
 * @returns undefined for a comment, an empty line, or a pattern that matches nothing in git
 */
export function mutagenPattern(line: string): string | undefined {
  const text = withoutTrailingSpaces(line)
  if (text === '' || text.startsWith('#')) return undefined
  const isNegated = text.startsWith('!')
  const whole = isNegated ? text.slice(1) : text
  const isForFolders = whole.endsWith('/')
  const body = isForFolders ? whole.slice(0, -1) : whole
  const isAnchored = body.includes('/')
  const names = splitNames(body.replace(/^\//, ''))
  // Mutagen normalizes such paths; in git they match nothing.
  if (names === undefined || names.some((name) => ['', '.', '..'].includes(name))) return undefined
  const translated = translateNames(names)
  if (translated === undefined) return undefined
  // Any slash anchors a pattern, even one in a set.
  const anchor = isAnchored ? '/' : translated.includes('/') ? '**/' : ''
  return `${isNegated ? '!' : ''}${anchor}${translated}${isForFolders ? '/' : ''}`
}

/** Trailing spaces do not count, unless the last one is escaped. */
function withoutTrailingSpaces(line: string): string {
  let end = line.length
  while (end > 0 && line[end - 1] === ' ' && !isEscaped(line, end - 1)) end--
  return line.slice(0, end)
}

function isEscaped(text: string, index: number): boolean {
  let backslashes = 0
  while (text[index - 1 - backslashes] === '\\') backslashes++
  return backslashes % 2 === 1
}

/** The names between slashes; undefined if a backslash escapes nothing. */
function splitNames(body: string): string[] | undefined {
  return isEscaped(body, body.length) ? undefined : body.split('/')
}

/** `**` between slashes matches any folders; in Mutagen `a/**` also matches `a`, in git not. */
function translateNames(names: readonly string[]): string | undefined {
  const translated: string[] = []
  for (const name of names) {
    const part = name === '**' ? name : translateName(name)
    if (part === undefined) return undefined
    translated.push(part)
  }
  if (names.length > 1 && names.at(-1) === '**') translated.push('*')
  return translated.join('/')
}

/** One name: escapes what is special only in Mutagen, and writes sets in Mutagen's syntax. */
function translateName(name: string): string | undefined {
  let translated = ''
  for (let index = 0; index < name.length;) {
    const character = name[index] ?? ''
    if (character === '\\') {
      translated += literal(name[index + 1] ?? '')
      index += 2
    } else if (character === '[') {
      const set = readSet(name, index)
      if (set === undefined) return undefined
      translated += set.translated
      index = set.end
    } else {
      // Several asterisks within a name mean the same as one.
      if (character !== '*' || !translated.endsWith('*') || translated.endsWith('\\*')) {
        translated += character === '*' || character === '?' ? character : literal(character)
      }
      index++
    }
  }
  return translated
}

const SPECIAL = /[*?[\]{}\\!,^-]/

function literal(character: string): string {
  return SPECIAL.test(character) ? `\\${character}` : character
}

/** POSIX's character classes, in ASCII, as in git. */
const CLASSES = new Map([
  ['alnum', '0-9A-Za-z'],
  ['alpha', 'A-Za-z'],
  ['blank', ' \\\t'],
  ['cntrl', '\\\u0001-\\\u001f\\\u007f'],
  ['digit', '0-9'],
  ['graph', '\\!-\\~'],
  ['lower', 'a-z'],
  ['print', ' -\\~'],
  ['punct', '\\!-.:-@\\[-`\\{-\\~'],
  ['space', ' \\\t\\\u000a-\\\u000d'],
  ['upper', 'A-Z'],
  ['xdigit', '0-9A-Fa-f'],
])

/**
 * A set of characters, from its `[` on.
 * @returns the set in Mutagen's syntax, and its end; undefined if it is not closed or has an unknown class
 */
function readSet(name: string, start: number): {readonly translated: string; readonly end: number} | undefined {
  let index = start + 1
  const isNegated = name[index] === '!' || name[index] === '^'
  if (isNegated) index++
  // In git, no set matches a slash; in Mutagen, a negated one does.
  const parts: string[] = isNegated ? ['/'] : []
  for (let isFirst = true; isFirst || name[index] !== ']'; isFirst = false) {
    if (index >= name.length) return undefined
    const [, className] = /^\[:([a-z]*):\]/.exec(name.slice(index)) ?? []
    if (className !== undefined) {
      const characters = CLASSES.get(className)
      if (characters === undefined) return undefined
      parts.push(characters)
      index += className.length + 4
      continue
    }
    const from = readCharacter(name, index)
    index = from.end
    if (name[index] === '-' && name[index + 1] !== ']' && index + 1 < name.length) {
      const to = readCharacter(name, index + 1)
      index = to.end
      // A reversed range is empty.
      if (from.character <= to.character) parts.push(`${literal(from.character)}-${literal(to.character)}`)
    } else parts.push(literal(from.character))
  }
  return parts.length === 0 ? undefined : {translated: `[${isNegated ? '^' : ''}${parts.join('')}]`, end: index + 1}
}

function readCharacter(name: string, index: number): {readonly character: string; readonly end: number} {
  const isEscape = name[index] === '\\' && index + 1 < name.length
  const at = isEscape ? index + 1 : index
  const character = String.fromCodePoint(name.codePointAt(at) ?? 0)
  return {character, end: at + character.length}
}
