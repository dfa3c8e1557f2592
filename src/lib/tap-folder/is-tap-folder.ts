import {stat} from 'node:fs/promises'
import {join} from 'node:path'
import {COMPOSE_FILES} from './find-files.js'

/** Whether a folder can be a tap: at its top is a folder container/, a Dockerfile or a compose file. */
export async function isTapFolder(folder: string): Promise<boolean> {
  const signs = await Promise.all([
    statOf(join(folder, 'container')).then((found) => found?.isDirectory() === true),
    ...['Dockerfile', ...COMPOSE_FILES].map(async (name) => (await statOf(join(folder, name)))?.isFile() === true),
  ])
  return signs.includes(true)
}

/**
 * The name of the compose file at the top of a folder, in compose's order.
 * @returns undefined if there is none, or if a folder container/ has the tap's files
 */
export async function plainComposeFile(folder: string): Promise<string | undefined> {
  if ((await statOf(join(folder, 'container')))?.isDirectory() === true) return undefined
  const found = await Promise.all(
    COMPOSE_FILES.map(async (name) => ((await statOf(join(folder, name)))?.isFile() === true ? [name] : [])),
  )
  return found.flat()[0]
}

async function statOf(path: string) {
  return stat(path).catch(() => undefined)
}
