import {realpath, stat} from 'node:fs/promises'
import {homedir} from 'node:os'
import {join, resolve} from 'node:path'
import {UsageError} from '../../../error/keg-error.js'
import {printable} from '../../../terminal/text.js'

/** What makes a folder a tap: one of these has to be in it. */
const SIGNS = ['container', 'Dockerfile'] as const

/** A path as somebody writes it, made absolute: `~/` is the home also where no shell replaced it. */
export function absolutePath(path: string, folder: string, {HOME}: NodeJS.ProcessEnv): string {
  const home = HOME === undefined || HOME === '' ? homedir() : HOME
  return path === '~' || path.startsWith('~/') ? join(home, path.slice(1)) : resolve(folder, path)
}

/**
 * The folder to link, as a real path.
 * @param path absolute
 * @throws UsageError `tap-path-missing` where there is no folder, `tap-container-missing` where it is no tap's
 */
export async function linkableFolder(path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined)
  const isFolder = real !== undefined && (await stat(real).catch(() => undefined))?.isDirectory() === true
  if (!isFolder) {
    throw new UsageError(`There is no folder ${printable(path)}.`, {
      code: 'tap-path-missing',
      hint: 'Name the folder of an app, or go there and leave the path out.',
    })
  }
  const signs = await Promise.all(SIGNS.map((name) => stat(join(real, name)).catch(() => undefined)))
  const [container, dockerfile] = signs
  if (container?.isDirectory() === true || dockerfile?.isFile() === true) return real
  throw new UsageError(`${printable(real)} has neither a folder container/ nor a Dockerfile.`, {
    code: 'tap-container-missing',
    hint: 'Name the folder that has one, or make both with: keg tap new',
  })
}
