import {randomUUID} from 'node:crypto'
import {readdir, rename, rm, stat, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {makeFolder} from '../../process/make-folder.js'

/** Replaces a file of keg's state as a whole. Only the user can read it. @throws Node's errors */
export async function writeStateFile(file: string, content: unknown): Promise<void> {
  const folder = dirname(file)
  await makeFolder(folder, 0o700)
  const draft = join(folder, `.${randomUUID()}`)
  try {
    await writeFile(draft, JSON.stringify(content), {mode: 0o600})
    await rename(draft, file)
  } catch (error) {
    await rm(draft, {force: true})
    throw error
  }
}

export interface KeptFiles {
  readonly maxFiles: number
  /** Older ones are removed. Default: none. */
  readonly maxAgeMilliseconds?: number
}

/** Removes the files of a folder that were not written for the longest time. */
export async function removeOldFiles(folder: string, {maxAgeMilliseconds, maxFiles}: KeptFiles): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  if (names.length <= maxFiles && maxAgeMilliseconds === undefined) return
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name)
      return {path, time: (await stat(path).catch(() => undefined))?.mtimeMs ?? 0}
    }),
  )
  const oldest = Date.now() - (maxAgeMilliseconds ?? Number.POSITIVE_INFINITY)
  const [latest, others] = split(
    files.sort((one, other) => other.time - one.time),
    maxFiles,
  )
  const old = [...others, ...latest.filter(({time}) => time < oldest)]
  await Promise.all(old.map(({path}) => rm(path, {force: true}).catch(() => undefined)))
}

function split<T>(list: readonly T[], at: number): [T[], T[]] {
  return [list.slice(0, at), list.slice(at)]
}
