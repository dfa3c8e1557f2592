import {FailedError} from '../error/keg-error.js'
import {commandLine} from '../terminal/command-line.js'
import {count, printable} from '../terminal/text.js'
import type {TapProblem} from './model.js'

/** A problem in the form of compilers, `file:line:column: severity: message`, with a hint. */
export function problemText({column, file, hint, line, message, severity}: TapProblem): string {
  return printable(`${file}:${line}:${column}: ${severity}: ${message} ${hint}`.trimEnd())
}

/** The error for a tap whose files have errors. */
export function tapInvalid(folder: string, errors: readonly TapProblem[]): FailedError {
  const more = errors.length > MAX_SHOWN ? [`and ${count(errors.length - MAX_SHOWN, 'more error', 'more errors')}`] : []
  const lines = [...errors.slice(0, MAX_SHOWN).map(problemText), ...more]
  return new FailedError(`The tap's files have ${count(errors.length, 'error')}:\n${lines.join('\n')}`, {
    code: 'tap-invalid',
    hint: `Fix them, then check again with: ${commandLine`keg tap validate ${folder}`}`,
    data: {folder, problems: errors},
  })
}

const MAX_SHOWN = 20

/** By file and line. */
export function byPlace(one: TapProblem, other: TapProblem): number {
  return one.file.localeCompare(other.file, 'en') || one.line - other.line || one.column - other.column
}
