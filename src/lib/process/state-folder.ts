import {homedir} from 'node:os'
import {isAbsolute, join} from 'node:path'
import {FailedError} from '../error/keg-error.js'
import {folderTrouble} from './make-folder.js'
import {printable} from '../terminal/text.js'

/**
 * Where keg stores its state between runs, whether it exists or not: `keg` in `$XDG_STATE_HOME`, which must be absolute (XDG
 * Base Directory Specification 0.8), or in `~/.local/state`.
 */
export function stateFolder({HOME, XDG_STATE_HOME}: NodeJS.ProcessEnv): string {
  const home = HOME === undefined || HOME === '' ? homedir() : HOME
  const base =
    XDG_STATE_HOME !== undefined && isAbsolute(XDG_STATE_HOME) ? XDG_STATE_HOME : join(home, '.local', 'state')
  return join(base, 'keg')
}

/** The error if keg's state folder cannot be written. */
export function stateUnwritable(folder: string, cause: unknown): FailedError {
  const reason = folderTrouble(cause)
  return new FailedError(
    `keg cannot keep its state in ${printable(folder)}${reason === undefined ? '' : `: ${reason}`}.`,
    {
      code: 'state-unwritable',
      hint: 'Make the folder writable for your user, or set XDG_STATE_HOME to another folder.',
      cause,
    },
  )
}
