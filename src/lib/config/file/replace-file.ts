import {randomUUID} from 'node:crypto'
import {mkdir, open, readlink, realpath, rename, rm} from 'node:fs/promises'
import {dirname, join, resolve} from 'node:path'
import {FailedError} from '../../error/keg-error.js'
import {printable} from '../../terminal/text.js'

/**
 * Writes a file of the user's alone so that it has its old content or its new one, whatever comes in between. Folders that are
 * missing are made; a symlink stays one, and its target is written.
 * @throws FailedError `configuration-unwritable`; then the file is as it was
 */
export async function replaceFile(file: string, text: string): Promise<void> {
  let draft: string | undefined
  try {
    const target = await targetOf(file)
    await mkdir(dirname(target), {recursive: true, mode: 0o700})
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
    throw new FailedError(`${printable(file)} cannot be written.`, {
      code: 'configuration-unwritable',
      hint: 'Give yourself the right to write there, or set XDG_CONFIG_HOME to another folder. Nothing was changed.',
      cause,
    })
  }
}

/** Where a file is in truth, also where a symlink leads to one that is not there yet. */
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
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
