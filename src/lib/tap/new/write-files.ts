import {lstat, mkdir, open, rm, rmdir} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {FailedError, KegError, RefusedError} from '../../error/keg-error.js'
import {property} from '../../json/json.js'
import {count, printable} from '../../terminal/text.js'
import type {NewFile} from './template/new-file.js'

/** Files that were made. */
export interface WrittenFiles {
  /** Takes away what was made, and nothing else. */
  undo(): Promise<void>
}

/**
 * Makes files, all or none: where one is there already, or something fails, nothing is left of them.
 * @param folder absolute; made where it is missing
 * @throws RefusedError `tap-file-exists`, FailedError `tap-unwritable`, the reason of the signal
 */
export async function writeFiles(
  folder: string,
  files: readonly NewFile[],
  signal: AbortSignal,
): Promise<WrittenFiles> {
  await refuseExisting(folder, files)
  /** How each is taken away. */
  const made: (() => Promise<void>)[] = []
  const undo = async (): Promise<void> => {
    for (const take of made.reverse()) await take().catch(() => undefined)
    made.length = 0
  }
  try {
    for (const {mode, path, text} of files) {
      signal.throwIfAborted()
      const file = join(folder, path)
      for (const missing of await makeFolder(dirname(file))) made.push(() => rmdir(missing))
      // Somebody else may have made it since it was looked for.
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
    throw new FailedError(`${printable(folder)} cannot be written (${String(code)}).`, {
      code: 'tap-unwritable',
      hint: 'Give yourself the right to write there, or name another folder with --path. Nothing was left behind.',
      cause: error,
    })
  }
}

/** @throws RefusedError `tap-file-exists` with all that are there */
export async function refuseExisting(folder: string, files: readonly NewFile[]): Promise<void> {
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
    // Below what is no folder nothing can be made.
    return property(error, 'code') === 'ENOTDIR'
  }
}

function exists(folder: string, files: readonly string[]): RefusedError {
  const names = files.map((file) => `  ${printable(file)}`)
  return new RefusedError(
    `${count(files.length, 'file is', 'files are')} there already, and none is overwritten:\n${names.join('\n')}`,
    {
      code: 'tap-file-exists',
      hint: 'Nothing was changed. Name another folder with --path, or move them away.',
      data: {folder, files},
    },
  )
}

/** @returns the folders that were made, from the outermost */
async function makeFolder(folder: string): Promise<string[]> {
  const first = await mkdir(folder, {recursive: true})
  if (first === undefined) return []
  const made = [folder]
  while (made[0] !== undefined && made[0] !== first) made.unshift(dirname(made[0]))
  return made
}
