import {errorJson, type KegError} from '../error/keg-error.js'
import {availableColumns, wrapLine} from '../terminal/columns.js'
import {printable} from '../terminal/text.js'
import {wrapText} from '../terminal/wrap-text.js'
import type {Answers} from './answers.js'

/** Shows an error: as JSON on standard output, or on standard error with what to do next. */
export function showError(error: KegError, {json}: {readonly json: boolean}): void {
  if (json) {
    const answer: Answers['error'] = errorJson(error)
    process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`)
    return
  }
  const {hint, message} = error
  const columns = availableColumns(process.stderr, process.env)
  const sentences = printable(`Error: ${message}`, {keepLines: true}).split('\n')
  // Only the hint says what to do next: a command that the message names is not advice.
  const lines = sentences.flatMap((line) => wrapLine(line, columns ?? Infinity, {keepsWords: true}))
  process.stderr.write(`${lines.join('\n')}\n`)
  if (hint !== undefined) showText(hint)
}

/** Shows sentences on standard error, wrapped to the terminal's columns; text to be copied is not broken. */
export function showText(text: string): void {
  const columns = availableColumns(process.stderr, process.env)
  process.stderr.write(`${wrapText(printable(text, {keepLines: true}), columns, {keepsWords: true}).join('\n')}\n`)
}
