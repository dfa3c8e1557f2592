import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {FailedError, UsageError} from '../../error/keg-error.js'
import {property} from '../../json/json.js'
import {printable} from '../../terminal/text.js'
import {mutagenPattern} from './gitignore-pattern.js'
import {isPattern} from './ignore-matcher.js'

/**
 * Version control that Mutagen's --ignore-vcs does not cover: it knows the folders .git, .svn, .hg, .bzr and _darcs. In
 * worktrees and submodules `.git` is a file with a path of this machine. These come first, so that a pattern of the user
 * such as `!.jj/` can include them.
 */
export const VERSION_CONTROL_IGNORES = ['.git', '.jj/', '.pijul/', '.sl/']

/** Never synced: it belongs to the system that installed it. */
const ALWAYS_IGNORED = ['node_modules']

/**
 * What a sync ignores by default: node_modules, and the patterns of the `.gitignore` at the root of the folder. Those in
 * subfolders do not count: Mutagen has one list for a session.
 * @returns patterns in Mutagen's syntax; the last match decides
 * @throws FailedError `folder-unreadable`
 */
export async function defaultIgnores(folder: string): Promise<string[]> {
  const file = join(folder, '.gitignore')
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(String(property(cause, 'code')))) return ''
    throw new FailedError(`${printable(file)} cannot be read.`, {
      code: 'folder-unreadable',
      hint: 'Make it readable for your user, or use another folder.',
      cause,
    })
  })
  return [...ALWAYS_IGNORED, ...gitignorePatterns(text)]
}

/** The patterns of a `.gitignore` in Mutagen's syntax, in order. */
export function gitignorePatterns(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  return lines.map((line) => mutagenPattern(line.replace(/\r$/, ''))).filter((pattern) => pattern !== undefined)
}

/** @throws UsageError `ignore-invalid` for a text that is not a Mutagen pattern */
export function checkIgnores(patterns: readonly string[]): void {
  const wrong = patterns.find((pattern) => !isPattern(pattern))
  if (wrong === undefined) return
  throw new UsageError(`${wrong === '' ? 'An empty text' : printable(wrong)} is not a pattern of files to ignore.`, {
    code: 'ignore-invalid',
    hint: 'Write it as in a .gitignore: build/, *.log, /dist, !keep.log.',
  })
}
