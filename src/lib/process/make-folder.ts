import {mkdir, rmdir, stat} from 'node:fs/promises'
import {dirname, resolve} from 'node:path'
import {property} from '../json/json.js'
import {printable} from '../terminal/text.js'

/**
 * Creates a folder with its parents. Node's own recursive mkdir never returns if the file system answers ENOENT to every
 * mkdir, as /proc does.
 * @param mode of the new folders; by default 0777 minus the umask
 * @returns the new folders, from the outermost; removes them all on failure
 * @throws Error with the code and path of the obstacle; {@link folderTrouble} describes it
 */
export async function makeFolder(folder: string, mode?: number): Promise<string[]> {
  const missing: string[] = []
  for (let at = resolve(folder); !(await isFolder(at)); at = dirname(at)) missing.unshift(at)
  const made: string[] = []
  try {
    for (const each of missing) if (await makeOne(each, mode)) made.push(each)
  } catch (error) {
    for (const each of made.reverse()) await rmdir(each).catch(() => undefined)
    throw error
  }
  return made
}

/** Why a folder or file cannot be created, to follow a colon: `/etc/hosts is not a folder`. Undefined for other errors. */
export function folderTrouble(error: unknown): string | undefined {
  const path = property(error, 'path')
  const where = typeof path === 'string' ? path : 'a part of its path'
  switch (property(error, 'code')) {
    case 'ENOTDIR':
      return printable(`${where} is not a folder`)
    case 'EACCES':
    case 'EPERM':
      return printable(`permission denied at ${where}`)
    case 'EROFS':
      return 'the file system is read-only'
    case 'ENOSPC':
    case 'EDQUOT':
      return 'no space left there'
    case 'ENOENT':
      return printable(`${where} cannot be created`)
    case 'ELOOP':
      return printable(`symlinks lead in a circle at ${where}`)
    default:
      return undefined
  }
}

/** @returns whether it was created; somebody else may have been faster */
async function makeOne(folder: string, mode: number | undefined): Promise<boolean> {
  try {
    await mkdir(folder, {mode})
    return true
  } catch (error) {
    // It can also be a symlink to nothing.
    if (property(error, 'code') === 'EEXIST' && (await isFolder(folder))) return false
    throw error
  }
}

/** @throws Error if it exists and is not a folder, or if it cannot be checked */
async function isFolder(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isDirectory()) return true
  } catch (error) {
    const isMissing = ['ENOENT', 'ENOTDIR'].includes(String(property(error, 'code')))
    if (isMissing && dirname(path) !== path) return false
    throw error
  }
  throw Object.assign(new Error(`ENOTDIR: not a directory, '${path}'`), {code: 'ENOTDIR', path})
}
