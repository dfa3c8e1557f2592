import {realpath, stat} from 'node:fs/promises'
import {homedir} from 'node:os'
import {join, resolve} from 'node:path'
import {UsageError} from '../../error/keg-error.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import {isTapFolder} from '../is-tap-folder.js'

/** A path as typed, made absolute: `~/` is the home folder even if no shell expanded it. */
export function absolutePath(path: string, folder: string, {HOME}: NodeJS.ProcessEnv): string {
  const home = HOME === undefined || HOME === '' ? homedir() : HOME
  return path === '~' || path.startsWith('~/') ? join(home, path.slice(1)) : resolve(folder, path)
}

/**
 * The folder to link, as a real path.
 * @param path absolute
 * @throws UsageError `tap-path-missing` if it is not a folder, `tap-container-missing` if it is not a tap's
 */
export async function linkableFolder(path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined)
  const isFolder = real !== undefined && (await stat(real).catch(() => undefined))?.isDirectory() === true
  if (!isFolder) {
    throw new UsageError(`There is no folder ${printable(path)}.`, {
      code: 'tap-path-missing',
      hint: 'Give the folder of an app, or run the command in that folder.',
    })
  }
  if (await isTapFolder(real)) return real
  throw new UsageError(`${printable(real)} has no folder container/, no Dockerfile and no compose file.`, {
    code: 'tap-container-missing',
    hint: `Give the folder that has one, or create a tap with: ${commandLine`keg tap new`}`,
  })
}
