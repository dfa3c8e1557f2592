/** Whether a path is left out of a sync. @param path below the root, without a slash at its ends */
export type IgnoreMatcher = (path: string, isFolder: boolean) => boolean

const VERSION_CONTROL = new Set(['.git', '.svn', '.hg', '.bzr', '_darcs'])

/**
 * Reads patterns as Mutagen does (mutagen 0.18, pkg/synchronization/core/ignore): the last that fits decides. What lies below
 * a folder that is left out is left out too; whoever walks through a tree asks for each folder on the way.
 * Patterns that Mutagen does not take fit nothing.
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

interface Rule {
  readonly expression: RegExp
  readonly isForFolders: boolean
  /** Whether it fits at any depth. */
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

/** Whether Mutagen takes a text for a pattern. */
export function isPattern(text: string): boolean {
  return !/^!?\/*$/.test(text) && !/[\n\r\0]/.test(text) && readRule(text) !== undefined
}

/** A glob of doublestar 4 as a regular expression; what is wrong in the one is wrong in the other. */
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
      // `a/**` fits `a` too.
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

/** One character that means itself in a regular expression, in a set and outside of it. */
function literal(character: string): string {
  return /^[\w/]$/.test(character) ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
}
