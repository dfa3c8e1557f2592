import type {TarEntry} from '../../tar/read-tar.js'
import {gitignorePatterns} from '../../git/ignore/ignores.js'
import {ignoreMatcher, type IgnoreMatcher} from '../../git/ignore/ignore-matcher.js'
import {shellLine} from '../../terminal/text.js'

/** A part of a package that a project could do without, and the flag that excludes it. */
export interface ExcludablePart {
  /** In the container. */
  readonly path: string
  /** Git history; what package managers download; anything else that a `.gitignore` names. */
  readonly kind: 'git' | 'dependencies' | 'ignored'
  /** Of all its files. */
  readonly bytes: number
  /** The flag that excludes it: `--exclude PATH`. */
  readonly flag: string
}

/** Folders that package managers fill. */
const DEPENDENCIES = new Set(['node_modules', 'bower_components', '.venv', 'venv'])

/** How many of them are listed, the largest first. */
const MAX_PARTS = 20

/** A larger file is not a real `.gitignore`; in bytes. */
const MAX_GITIGNORE = 1_000_000

interface CountedPart {
  readonly kind: ExcludablePart['kind']
  bytes: number
}

/**
 * Adds up parts of mounts that a project could do without: `.git`, dependencies, and what `.gitignore` files, listed first, name.
 */
export class ExcludableParts {
  readonly #parts = new Map<string, CountedPart>()

  /** The largest, largest first. */
  get list(): ExcludablePart[] {
    return [...this.#parts]
      .map(([path, part]) => ({path, ...part, flag: shellLine(['--exclude', path])}))
      .sort((left, right) => right.bytes - left.bytes)
      .slice(0, MAX_PARTS)
  }

  /** Returns a function to call with the entries of one mount and their paths in the container, in the order of an archive. */
  observe(): (entry: TarEntry, path: string) => Promise<void> {
    const matchers = new Map<string, IgnoreMatcher>()
    let part: {readonly path: string; readonly counted: CountedPart} | undefined
    return async ({content, header}, path) => {
      if (part !== undefined && path.startsWith(`${part.path}/`)) {
        part.counted.bytes += header.size
        return
      }
      part = undefined
      const isFolder = header.type === 'directory'
      const kind = kindOf(path, isFolder, matchers)
      if (kind !== undefined) {
        const counted = {kind, bytes: header.size}
        this.#parts.set(path, counted)
        part = {path, counted}
      } else if (path.endsWith('/.gitignore') && header.type === 'file' && header.size <= MAX_GITIGNORE)
        matchers.set(path.slice(0, -'/.gitignore'.length), await readMatcher(content))
    }
  }
}

function kindOf(
  path: string,
  isFolder: boolean,
  matchers: ReadonlyMap<string, IgnoreMatcher>,
): ExcludablePart['kind'] | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (name === '.git') return 'git'
  if (isFolder && DEPENDENCIES.has(name)) return 'dependencies'
  for (const [folder, isIgnored] of matchers)
    if (path.startsWith(`${folder}/`) && isIgnored(path.slice(folder.length + 1), isFolder)) return 'ignored'
  return undefined
}

async function readMatcher(content: AsyncIterable<Buffer>): Promise<IgnoreMatcher> {
  const chunks: Buffer[] = []
  for await (const chunk of content) chunks.push(Buffer.from(chunk))
  return ignoreMatcher(gitignorePatterns(Buffer.concat(chunks).toString('utf8')), false)
}
