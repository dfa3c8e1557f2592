import {lstat, open, rm, rmdir, stat} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {FailedError, KegError, RefusedError} from '../../error/keg-error.js'
import {folderTrouble, makeFolder} from '../../process/make-folder.js'
import {property} from '../../json/json.js'
import {count, printable} from '../../terminal/text.js'
import type {NewFile} from './template/new-file.js'

/** Files that were created. */
export interface WrittenFiles {
  /** Removes what was created, and nothing else. */
  undo(): Promise<void>
}

/**
 * Creates all files or none: leaves nothing if one exists or something fails.
 * @param folder absolute; created if missing
 * @throws RefusedError `tap-file-exists`, FailedError `tap-unwritable`, the reason of the signal
 */
export async function writeFiles(
  folder: string,
  files: readonly NewFile[],
  signal: AbortSignal,
): Promise<WrittenFiles> {
  await refuseExisting(folder, files)
  /** How each is removed. */
  const made: (() => Promise<void>)[] = []
  const undo = async (): Promise<void> => {
    for (const undoOne of made.reverse()) await undoOne().catch(() => undefined)
    made.length = 0
  }
  try {
    for (const {mode, path, text} of files) {
      signal.throwIfAborted()
      const file = join(folder, path)
      for (const missing of await makeFolder(dirname(file))) made.push(() => rmdir(missing))
      // Somebody else may have created it since the check.
      const handle = await open(file, 'wx', mode)
      made.push(() => rm(file))
      try {
        await handle.writeFile(text)
      } finally {
        await handle.close()
      }
    }
    signal.throwIfAborted()
    return {undo}
  } catch (error) {
    await undo()
    signal.throwIfAborted()
    if (error instanceof KegError) throw error
    const code = property(error, 'code')
    if (code === 'EEXIST') throw exists(folder, [String(property(error, 'path'))])
    throw new FailedError(`${printable(folder)} cannot be written: ${folderTrouble(error) ?? String(code)}.`, {
      code: 'tap-unwritable',
      hint: 'Make it writable for your user, or choose another folder with --path. Nothing was left behind.',
      cause: error,
    })
  }
}

/** @throws RefusedError `tap-file-exists` with all that exist */
export async function refuseExisting(folder: string, files: readonly NewFile[]): Promise<void> {
  const isInPlace = await stat(folder).then(
    (found) => !found.isDirectory(),
    () => false,
  )
  if (isInPlace) throw exists(folder, [folder])
  const there = await Promise.all(
    files.map(async ({path}) => ((await standsInTheWay(join(folder, path))) ? [join(folder, path)] : [])),
  )
  if (there.flat().length > 0) throw exists(folder, there.flat())
}

async function standsInTheWay(file: string): Promise<boolean> {
  try {
    await lstat(file)
    return true
  } catch (error) {
    // Nothing can exist below a file.
    return property(error, 'code') === 'ENOTDIR'
  }
}

function exists(folder: string, files: readonly string[]): RefusedError {
  const names = files.map((file) => `  ${printable(file)}`)
  return new RefusedError(
    `${count(files.length, 'file exists', 'files exist')} already, and none is overwritten:\n${names.join('\n')}`,
    {
      code: 'tap-file-exists',
      hint: 'Nothing was changed. Choose another folder with --path, or move them away.',
      data: {folder, files},
    },
  )
}
