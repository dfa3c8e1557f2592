import type {BigIntStats} from 'node:fs'
import {constants} from 'node:fs'
import {open, readFile, readlink, type FileHandle} from 'node:fs/promises'

/**
 * Refers to a file without opening it for reading (open(2), `O_PATH`). Node does not name the flag; Linux uses this number on all
 * processors that Node supports.
 */
const O_PATH = 0o10000000

/** Linux's limit (MAXSYMLINKS). */
const MAX_LINKS = 40

/** A file that was found, and its path below the folder where the search began. */
export interface FoundFile {
  /** The caller closes it. */
  readonly file: FileHandle
  /** A byte string with a leading slash, all symlinks followed. */
  readonly path: string
}

/** The path of a name in an open folder. The kernel starts at the folder itself, even if its path leads elsewhere by now. */
export function pathAt(folder: FileHandle, name: string): Buffer {
  return Buffer.from(`/proc/self/fd/${folder.fd}/${name}`, 'latin1')
}

/** Gets a handle for a name in an open folder, without following it if it is a symlink. */
export function fileAt(folder: FileHandle, name: string): Promise<FileHandle> {
  return open(pathAt(folder, name), O_PATH | constants.O_NOFOLLOW)
}

/** Gets a handle for a folder by a path that nobody else can change, such as one in `/proc`. */
export function folderAt(path: string): Promise<FileHandle> {
  return open(path, O_PATH | constants.O_DIRECTORY)
}

/** Opens a file for reading that keg already has a handle for: certainly the same file. */
export function reopen(file: FileHandle): Promise<FileHandle> {
  return open(`/proc/self/fd/${file.fd}`, constants.O_RDONLY)
}

/** Id of the mount that a file is in, as mountinfo has it. */
export async function mountIdOf(file: FileHandle): Promise<number> {
  const text = await readFile(`/proc/self/fdinfo/${file.fd}`, 'utf8')
  return Number(/^mnt_id:\s*(\d+)$/m.exec(text)?.[1] ?? NaN)
}

/**
 * Finds a path below a folder as a process with that folder as its root would: absolute symlinks start there, and none leads out.
 * Does not let the kernel follow symlinks, because it would start from keg's own root.
 * @param path a byte string
 * @throws the system's errors, ELOOP where symlinks lead in circles.
 */
export async function findInside(root: FileHandle, path: string): Promise<FoundFile> {
  const names = namesOf(path)
  const above: {readonly name: string; readonly file: FileHandle}[] = []
  const goUp = async (): Promise<void> => above.pop()?.file.close()
  try {
    for (let links = 0; names.length > 0;) {
      const name = names.shift() ?? ''
      if (name === '..') {
        await goUp()
        continue
      }
      const folder = above.at(-1)?.file ?? root
      const file = await fileAt(folder, name)
      if (!(await file.stat()).isSymbolicLink()) {
        above.push({name, file})
        continue
      }
      await file.close()
      if (++links > MAX_LINKS) throw Object.assign(new Error('too many symlinks'), {code: 'ELOOP'})
      const target = (await readlink(pathAt(folder, name), {encoding: 'buffer'})).toString('latin1')
      if (target.startsWith('/')) while (above.length > 0) await goUp()
      names.unshift(...namesOf(target))
    }
    const found = `/${above.map(({name}) => name).join('/')}`
    const file = above.pop()?.file ?? (await folderAt(`/proc/self/fd/${root.fd}`))
    return {file, path: found}
  } finally {
    while (above.length > 0) await goUp()
  }
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.')
}

/** Identifies a file. */
export function identityOf({dev, ino}: BigIntStats): {readonly device: bigint; readonly inode: bigint} {
  return {device: dev, inode: ino}
}
