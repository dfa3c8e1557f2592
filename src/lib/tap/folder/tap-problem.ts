import {FailedError} from '../../error/keg-error.js'
import {count, printable} from '../../terminal/text.js'
import type {TapProblem} from './tap-folder.js'

/** A problem as compilers tell of one, `file:line:column: severity: message`, with what to do about it. */
export function problemText({column, file, hint, line, message, severity}: TapProblem): string {
  return printable(`${file}:${line}:${column}: ${severity}: ${message} ${hint}`.trimEnd())
}

/** The error for a tap whose files have errors. */
export function tapInvalid(folder: string, errors: readonly TapProblem[]): FailedError {
  const more =
    errors.length > MOST_SHOWN ? [`and ${count(errors.length - MOST_SHOWN, 'more error', 'more errors')}`] : []
  const lines = [...errors.slice(0, MOST_SHOWN).map(problemText), ...more]
  return new FailedError(`The tap's files have ${count(errors.length, 'error')}:\n${lines.join('\n')}`, {
    code: 'tap-invalid',
    hint: 'Correct what stands there; keg tap validate looks again.',
    data: {folder, problems: errors},
  })
}

const MOST_SHOWN = 20

/** By file, and in a file from above. */
export function byPlace(one: TapProblem, other: TapProblem): number {
  return one.file.localeCompare(other.file, 'en') || one.line - other.line || one.column - other.column
}
