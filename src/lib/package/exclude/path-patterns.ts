import {posix} from 'node:path'
import {UsageError} from '../../error/keg-error.js'
import {gitignorePatterns} from '../../git/ignore/ignores.js'
import {ignoreMatcher, type IgnoreMatcher} from '../../git/ignore/ignore-matcher.js'
import {printable} from '../../terminal/text.js'
import {isWithin} from '../../tar/path.js'

/** Lines of a file like `.gitignore`, and where in a container they apply. */
export interface PatternSet {
  /** The folder of the container, absolute. */
  readonly at: string
  /** The path of that folder relative to the file with the lines; empty if it is the same folder. */
  readonly below: string
  readonly lines: readonly string[]
}

/** A mount behind a symlink. */
export interface LinkedMount {
  /** The destination it was started with, by which paths in it are named. */
  readonly destination: string
  /** The same with all symlinks followed. */
  readonly path: string
}

/**
 * Patterns for paths of a container, as in gitignore(5): the last match decides, and whatever is below a matching folder matches
 * too.
 */
export class PathPatterns {
  readonly #sets: readonly {readonly at: string; readonly below: string; readonly matches: IgnoreMatcher}[]
  readonly #folders = new Map<string, boolean>()

  constructor(
    readonly sets: readonly PatternSet[],
    /** Paths taken literally, with everything below them, whatever characters they have. */
    readonly literals: readonly string[] = [],
    /** What is in these matches by either of its paths. */
    readonly linkedMounts: readonly LinkedMount[] = [],
  ) {
    this.#sets = sets.map(({at, below, lines}) => ({
      at,
      below,
      matches: ignoreMatcher(gitignorePatterns(lines.join('\n')), false),
    }))
  }

  /**
   * Patterns from the command line, each an absolute path of the container, which can contain `*`, `?`, `[...]` and `**`.
   * @param flag the flag they were given with, for messages
   * @throws UsageError `path-invalid`
   */
  static parse(flag: string, texts: readonly string[]): PathPatterns {
    const lines = texts.map((text) => {
      const path = posix.normalize(text)
      if (!text.startsWith('/') || path === '/' || /[\0\n\r]/.test(text)) throw pathInvalid(flag, text)
      return path
    })
    const literals = lines.filter((line) => !line.endsWith('/'))
    return new PathPatterns(lines.length === 0 ? [] : [{at: '/', below: '', lines}], literals)
  }

  /** Those of the command line. */
  get texts(): readonly string[] {
    return this.sets.flatMap(({at, lines}) => (at === '/' ? lines : []))
  }

  /** Both together. */
  with(others: PathPatterns): PathPatterns {
    return new PathPatterns(
      [...this.sets, ...others.sets],
      [...this.literals, ...others.literals],
      [...this.linkedMounts, ...others.linkedMounts],
    )
  }

  get isEmpty(): boolean {
    return this.sets.length === 0
  }

  /** @param path absolute and normalized; in a mount, as the mount's destination begins */
  matches(path: string, isFolder: boolean): boolean {
    if (this.isEmpty) return false
    const behindLinks = this.linkedMounts.filter(({destination}) => isWithin(path, destination))
    const paths = [path, ...behindLinks.map((mount) => mount.path + path.slice(mount.destination.length))]
    return paths.some((each) => this.#matchesPath(each, isFolder))
  }

  #matchesPath(path: string, isFolder: boolean): boolean {
    if (this.literals.some((literal) => isWithin(path, literal))) return true
    return this.#sets.some((set, index) => {
      if (!isWithin(path, set.at)) return false
      const inside = path.slice(set.at === '/' ? 1 : set.at.length + 1)
      return this.#matchesIn(index, [set.below, inside].filter((part) => part !== '').join('/'), isFolder)
    })
  }

  #matchesIn(index: number, path: string, isFolder: boolean): boolean {
    if (path === '') return false
    const slash = path.lastIndexOf('/')
    return (slash > 0 && this.#matchesFolder(index, path.slice(0, slash))) || this.#matchesItself(index, path, isFolder)
  }

  #matchesFolder(index: number, path: string): boolean {
    const key = `${index}:${path}`
    const known = this.#folders.get(key)
    if (known !== undefined) return known
    const found = this.#matchesIn(index, path, true)
    this.#folders.set(key, found)
    return found
  }

  #matchesItself(index: number, path: string, isFolder: boolean): boolean {
    return this.#sets[index]?.matches(path, isFolder) === true
  }
}

function pathInvalid(flag: string, text: string): UsageError {
  return new UsageError(`${flag} ${printable(text)} is not an absolute path in the container.`, {
    code: 'path-invalid',
    hint: `Write it from the root, such as /app/build, /app/*.log or /**/node_modules.`,
  })
}
