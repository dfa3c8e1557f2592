import {existsSync} from 'node:fs'
import {isAbsolute} from 'node:path'

/**
 * The current folder. If the shell is in a deleted folder, keg itself is in `/` (see bin/run.js): the result is still the
 * deleted folder, from PWD, where nothing is found.
 */
export function currentFolder({PWD}: NodeJS.ProcessEnv = process.env): string {
  const folder = process.cwd()
  const isGone = folder === '/' && PWD !== undefined && isAbsolute(PWD) && !existsSync(PWD)
  return isGone ? PWD : folder
}
