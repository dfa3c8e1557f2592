import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {FailedError, UsageError} from '../../error/keg-error.js'
import {property} from '../../json/json.js'
import {printable} from '../../terminal/text.js'
import {mutagenPattern} from './gitignore-pattern.js'
import {isPattern} from './ignore-matcher.js'

/** What no side needs from the other: it belongs to the system that installed it. */
const ALWAYS_IGNORED = ['node_modules']

/**
 * What a sync leaves out where nobody says otherwise: node_modules, and what the `.gitignore` at the root of the folder names.
 * Those further down are git's alone: Mutagen has one list for all of a session.
 * @returns patterns in Mutagen's syntax, of which the last that fits decides
 * @throws FailedError `folder-unreadable`
 */
export async function defaultIgnores(folder: string): Promise<string[]> {
  const file = join(folder, '.gitignore')
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(String(property(cause, 'code')))) return ''
    throw new FailedError(`${printable(file)} cannot be read.`, {
      code: 'folder-unreadable',
      hint: 'Give yourself the right to read it, or name another folder.',
      cause,
    })
  })
  return [...ALWAYS_IGNORED, ...gitignorePatterns(text)]
}

/** The patterns of a `.gitignore` in Mutagen's syntax, in their order. */
export function gitignorePatterns(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  return lines.map((line) => mutagenPattern(line.replace(/\r$/, ''))).filter((pattern) => pattern !== undefined)
}

/** @throws UsageError `ignore-invalid` for a text that Mutagen does not take for a pattern */
export function checkIgnores(patterns: readonly string[]): void {
  const wrong = patterns.find((pattern) => !isPattern(pattern))
  if (wrong === undefined) return
  throw new UsageError(`${wrong === '' ? 'An empty text' : printable(wrong)} is no pattern of files to leave out.`, {
    code: 'ignore-invalid',
    hint: 'Write it as in a .gitignore: build/, *.log, /dist, !keep.log.',
  })
}
