import {randomUUID} from 'node:crypto'
import {open, readlink, realpath, rename, rm} from 'node:fs/promises'
import {dirname, join, resolve} from 'node:path'
import {FailedError} from '../../error/keg-error.js'
import {folderTrouble, makeFolder} from '../../process/make-folder.js'
import {printable} from '../../terminal/text.js'

/**
 * Writes a file that only the user can read, atomically. Creates missing folders; a symlink stays, and its target is
 * written.
 * @throws FailedError `configuration-unwritable`; the file is then unchanged
 */
export async function replaceFile(file: string, text: string): Promise<void> {
  let draft: string | undefined
  try {
    const target = await targetOf(file)
    await makeFolder(dirname(target), 0o700)
    draft = join(dirname(target), `.keg-${randomUUID()}`)
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, target)
  } catch (cause) {
    if (draft !== undefined) await rm(draft, {force: true}).catch(() => undefined)
    const reason = folderTrouble(cause)
    throw new FailedError(`${printable(file)} cannot be written${reason === undefined ? '' : `: ${reason}`}.`, {
      code: 'configuration-unwritable',
      hint: 'Make the folder writable for your user, or set XDG_CONFIG_HOME to another folder. Nothing was changed.',
      cause,
    })
  }
}

/** The real path of a file, also through a symlink to a missing one. */
async function targetOf(file: string): Promise<string> {
  try {
    return await realpath(file)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  try {
    return await targetOf(resolve(dirname(file), await readlink(file)))
  } catch (error) {
    if (!isMissing(error)) throw error
    return file
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}
