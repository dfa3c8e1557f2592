import {printable} from './text.js'
import {KegError} from '../error/keg-error.js'

/** The problem of a row in a list, as `--json` prints it; scripts can rely on these fields. */
export interface RowTrouble {
  /** Code of the error, as in docs/errors.md. */
  readonly code: string
  /** What is wrong, in one sentence. */
  readonly message: string
  /** What to do; null if there is nothing to do. */
  readonly hint: string | null
}

/** An error as the problem of a row. */
export function troubleOf({code, hint, message}: KegError): RowTrouble {
  return {code, message, hint: hint ?? null}
}

/** The result for one item of a list, or its problem, which does not hide the other items. */
export async function orTrouble<T>(reading: Promise<T>): Promise<{readonly value?: T; readonly trouble?: RowTrouble}> {
  try {
    return {value: await reading}
  } catch (error) {
    if (!(error instanceof KegError)) throw error
    return {trouble: troubleOf(error)}
  }
}

/** The problems of rows, to show below their table: the name of each, and what to do. */
export function troubleNotes(rows: readonly {readonly name: string; readonly trouble: RowTrouble | null}[]): string[] {
  return rows.flatMap(({name, trouble}) =>
    trouble === null ? [] : [printable(`${name}: ${[trouble.message, trouble.hint ?? ''].join(' ').trimEnd()}`)],
  )
}
