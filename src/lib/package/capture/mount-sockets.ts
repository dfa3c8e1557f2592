import {readdir} from 'node:fs/promises'
import {join, posix} from 'node:path'
import {GO_MODE, type ContainerDetails, type PathStat} from '../../engine/types.js'
import {shownPath} from '../../tar/shown-path.js'
import {textToBytes} from '../../tar/tar-header.js'
import {MOUNT_PLACE} from '../mount/mount-place.js'
import {isWithin} from '../../tar/path.js'

/** A mount that is packaged, and its reader. */
export interface SearchedMount {
  readonly destination: string
  readonly reader: {stat(path: string): Promise<PathStat | undefined>}
}

/**
 * Finds sockets in mounts: they are in no archive, and no engine lists them. Searches the mounts on this machine, as far as it is
 * the engine's and keg may read them, and asks the engine whether each one really is a socket.
 * @returns their paths in the container, as they are shown
 */
export async function findMountSockets(
  {Mounts}: Pick<ContainerDetails, 'Mounts'>,
  mounts: readonly SearchedMount[],
  signal: AbortSignal,
): Promise<string[]> {
  const found = await Promise.all(
    mounts.map(async ({destination, reader}) => {
      const source = Mounts.find((mount) => posix.join(mount.Destination, '.') === destination)?.Source
      if (source === undefined || source === '') return []
      const inner = mounts.filter((other) => other.destination !== destination)
      const sockets: string[] = []
      for await (const path of socketsBelow(source, signal)) {
        const shown = posix.join(destination, path)
        if (inner.some((other) => isWithin(other.destination, destination) && isWithin(shown, other.destination)))
          continue
        const mode = (await reader.stat(posix.join(MOUNT_PLACE, path)))?.mode ?? 0
        if ((mode & GO_MODE.socket) !== 0) sockets.push(shownPath(textToBytes(shown.slice(1))))
      }
      return sockets
    }),
  )
  return found.flat()
}

/** Paths of sockets below a folder, relative to it. Skips what cannot be read. */
async function* socketsBelow(top: string, signal: AbortSignal): AsyncGenerator<string> {
  const waiting = ['']
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    signal.throwIfAborted()
    for (const entry of await readdir(join(top, folder), {withFileTypes: true}).catch(() => [])) {
      const path = posix.join(folder, entry.name)
      if (entry.isDirectory()) waiting.push(path)
      else if (entry.isSocket()) yield path
    }
  }
}

/** How many paths a sentence names. */
const MAX_NAMED = 5

/** Says that sockets are not packaged. */
export function notCarriedText(paths: readonly string[]): string {
  const named = paths.slice(0, MAX_NAMED).join(', ')
  const more = paths.length > MAX_NAMED ? ` and ${(paths.length - MAX_NAMED).toLocaleString('en-US')} more` : ''
  return `Images cannot hold sockets. Not in the package: ${named}${more}. The programs that listen there create them again.`
}
