import {homedir} from 'node:os'
import {isAbsolute, join} from 'node:path'
import {FailedError} from '../error/keg-error.js'
import {printable} from '../terminal/text.js'

/**
 * Where keg keeps what it has to remember from run to run, there or not: `keg` in `$XDG_STATE_HOME`, which has to be absolute
 * (XDG Base Directory Specification 0.8), or else in `~/.local/state`.
 */
export function stateFolder({HOME, XDG_STATE_HOME}: NodeJS.ProcessEnv): string {
  const home = HOME === undefined || HOME === '' ? homedir() : HOME
  const base =
    XDG_STATE_HOME !== undefined && isAbsolute(XDG_STATE_HOME) ? XDG_STATE_HOME : join(home, '.local', 'state')
  return join(base, 'keg')
}

/** The error for a folder of keg's state that cannot be written. */
export function stateUnwritable(folder: string, cause: unknown): FailedError {
  return new FailedError(`keg cannot keep its state in ${printable(folder)}.`, {
    code: 'state-unwritable',
    hint: 'Give yourself the right to write there, or set XDG_STATE_HOME to another folder.',
    cause,
  })
}
