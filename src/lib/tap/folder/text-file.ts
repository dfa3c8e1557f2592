import type {Stats} from 'node:fs'
import {readFile, stat} from 'node:fs/promises'
import {property} from '../../json/json.js'
import {formatBytes, printable} from '../../terminal/text.js'
import type {TapProblem} from './tap-folder.js'

/** Files that people write by hand are far smaller; what is larger is something else by mistake. */
const MOST_BYTES = 1_000_000

/**
 * Reads a file of a tap.
 * @param problems takes what keeps it from being read
 * @returns undefined where it is not there, or cannot be read
 */
export async function readTextFile(file: string, problems: TapProblem[]): Promise<string | undefined> {
  try {
    const trouble = troubleOf(await stat(file))
    if (trouble === undefined) return new TextDecoder('utf-8', {fatal: true}).decode(await readFile(file))
    problems.push({file, line: 1, column: 1, severity: 'error', message: trouble, hint: 'Look what it is.'})
  } catch (error) {
    const code = property(error, 'code')
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    const [message, hint] =
      code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
        ? ['it is no text in UTF-8.', 'Save it as UTF-8.']
        : code === 'EACCES'
          ? ['you may not read it.', 'Give yourself the right.']
          : [`it cannot be read (${printable(String(code))}).`, 'Look what it is.']
    problems.push({file, line: 1, column: 1, severity: 'error', message, hint})
  }
  return undefined
}

function troubleOf(found: Stats): string | undefined {
  if (found.isDirectory()) return 'this is a folder, and a file is expected here.'
  // A pipe would be waited for, and a device has no end.
  if (!found.isFile()) return 'this is no file.'
  if (found.size <= MOST_BYTES) return undefined
  return `it has ${formatBytes(found.size)}, and at most ${formatBytes(MOST_BYTES)} are read.`
}
