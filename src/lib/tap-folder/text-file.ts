import type {Stats} from 'node:fs'
import {readFile, stat} from 'node:fs/promises'
import {property} from '../json/json.js'
import {formatBytes, printable} from '../terminal/text.js'
import type {TapProblem} from './model.js'

/** Hand-written files are far smaller; a larger one is there by mistake. */
const MAX_BYTES = 1_000_000

/**
 * Reads a file of a tap.
 * @param problems receives what keeps it from being read
 * @returns undefined if it does not exist or cannot be read
 */
export async function readTextFile(file: string, problems: TapProblem[]): Promise<string | undefined> {
  try {
    const trouble = troubleOf(await stat(file))
    if (trouble === undefined) return new TextDecoder('utf-8', {fatal: true}).decode(await readFile(file))
    problems.push({file, line: 1, column: 1, severity: 'error', message: trouble, hint: 'Check what it is.'})
  } catch (error) {
    const code = property(error, 'code')
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    const [message, hint] =
      code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
        ? ['it is not valid UTF-8.', 'Save it as UTF-8.']
        : code === 'EACCES'
          ? ['it is not readable for your user.', 'Change its permissions.']
          : [`it cannot be read (${printable(String(code))}).`, 'Check what it is.']
    problems.push({file, line: 1, column: 1, severity: 'error', message, hint})
  }
  return undefined
}

function troubleOf(found: Stats): string | undefined {
  if (found.isDirectory()) return 'this is a folder, and a file is expected here.'
  // Reading a pipe would block, and a device has no end.
  if (!found.isFile()) return 'this is not a file.'
  if (found.size <= MAX_BYTES) return undefined
  return `it has ${formatBytes(found.size)}, and at most ${formatBytes(MAX_BYTES)} are read.`
}
