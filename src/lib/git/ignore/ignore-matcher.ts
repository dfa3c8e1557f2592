/** Whether a sync ignores a path. @param path below the root, without a slash at either end */
export type IgnoreMatcher = (path: string, isFolder: boolean) => boolean

const VERSION_CONTROL = new Set(['.git', '.svn', '.hg', '.bzr', '_darcs'])

/**
 * Interprets patterns as Mutagen does (mutagen 0.18, pkg/synchronization/core/ignore): the last match decides. Everything
 * below an ignored folder is ignored too, so a caller who walks a tree must ask for each folder on the way. Invalid patterns
 * match nothing.
 */
export function ignoreMatcher(patterns: readonly string[], ignoresVersionControl: boolean): IgnoreMatcher {
  const rules = patterns.map(readRule).filter((rule) => rule !== undefined)
  return (path, isFolder) => {
    const name = path.slice(path.lastIndexOf('/') + 1)
    if (ignoresVersionControl && isFolder && VERSION_CONTROL.has(name)) return true
    const last = rules.findLast(
      ({expression, isForFolders, isForNames}) =>
        (isFolder || !isForFolders) && (expression.test(path) || (isForNames && expression.test(name))),
    )
    return last !== undefined && !last.isNegated
  }
}

/** Whether a path or one of its parent folders is ignored; the last name is tested both as a folder and as a file. */
export function pathMatcher(patterns: readonly string[], ignoresVersionControl: boolean): (path: string) => boolean {
  const isLeftOut = ignoreMatcher(patterns, ignoresVersionControl)
  return (path) => {
    const names = path.split('/')
    return isLeftOut(path, false) || names.some((_, index) => isLeftOut(names.slice(0, index + 1).join('/'), true))
  }
}

interface Rule {
  readonly expression: RegExp
  readonly isForFolders: boolean
  /** Whether it matches at any depth. */
  readonly isForNames: boolean
  readonly isNegated: boolean
}

function readRule(pattern: string): Rule | undefined {
  const isNegated = pattern.startsWith('!')
  const whole = isNegated ? pattern.slice(1) : pattern
  const isForFolders = whole.endsWith('/')
  const body = isForFolders ? whole.slice(0, -1) : whole
  const source = expressionOf(body.replace(/^\//, ''))
  if (source === undefined) return undefined
  try {
    const expression = new RegExp(`^${source}$`, 'su')
    return {expression, isForFolders, isForNames: !body.includes('/'), isNegated}
  } catch {
    return undefined
  }
}

/** Whether a text is a valid Mutagen pattern. */
export function isPattern(text: string): boolean {
  return !/^!?\/*$/.test(text) && !/[\n\r\0]/.test(text) && readRule(text) !== undefined
}

/** A doublestar 4 glob as a regular expression; both are invalid for the same input. */
function expressionOf(glob: string): string | undefined {
  let source = ''
  let depth = 0
  for (let index = 0; index < glob.length;) {
    const rest = glob.slice(index)
    const isAtStart = index === 0 || glob[index - 1] === '/'
    const set = /^\[(?:\\.|[^\]\\])+\]/su.exec(rest)?.[0]
    if (isAtStart && rest.startsWith('**/')) {
      source += '(?:.*/)?'
      index += 3
    } else if (isAtStart && rest === '**') {
      // `a/**` matches `a` too.
      source = source.endsWith('/') ? `${source.slice(0, -1)}(?:/.*)?` : `${source}.*`
      index += 2
    } else if (rest.startsWith('*')) {
      source += '[^/]*'
      index += /^\*+/.exec(rest)?.[0].length ?? 1
    } else if (rest.startsWith('?')) {
      source += '[^/]'
      index++
    } else if (set !== undefined) {
      source += setExpression(set)
      index += set.length
    } else if (rest.startsWith('{')) {
      source += '(?:'
      depth++
      index++
    } else if (depth > 0 && rest.startsWith('}')) {
      source += ')'
      depth--
      index++
    } else if (depth > 0 && rest.startsWith(',')) {
      source += '|'
      index++
    } else if (rest.startsWith('[') || rest === '\\') {
      return undefined
    } else {
      const at = rest.startsWith('\\') ? index + 1 : index
      const character = String.fromCodePoint(glob.codePointAt(at) ?? 0)
      source += literal(character)
      index = at + character.length
    }
  }
  return source
}

function setExpression(set: string): string {
  const [, negation = '', inside = ''] = /^\[([!^]?)(.*)\]$/su.exec(set) ?? []
  const members = inside.replace(/\\(.)|([^-\\])/gsu, (_, escaped?: string, plain?: string) =>
    literal(escaped ?? plain ?? ''),
  )
  return `[${negation === '' ? '' : '^'}${members}]`
}

/** A literal character in a regular expression, inside or outside of a set. */
function literal(character: string): string {
  return /^[\w/]$/.test(character) ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}
