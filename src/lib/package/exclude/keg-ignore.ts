import {lstat, readFile} from 'node:fs/promises'
import {join, posix} from 'node:path'
import {FailedError} from '../../error/keg-error.js'
import {property} from '../../json/json.js'
import {printable} from '../../terminal/text.js'
import {hostPath} from '../mount/mount-rules.js'
import type {PatternSet} from './path-patterns.js'
import {isWithin} from '../../tar/path.js'

/** A file in a container's folder with patterns for what its packages leave out. */
export const KEG_IGNORE = '.kegignore'

/** Where a folder of the host, or a part of it, is in a container: through a bind or a sync. */
export interface FolderPlace {
  /** On the host. */
  readonly folder: string
  /** In the container. */
  readonly path: string
}

/**
 * Where the patterns of a folder apply: wherever the folder or a part of it is in the container; and the path of that part in the
 * folder, which the patterns are relative to.
 */
export function placesOf(folder: string, places: readonly FolderPlace[]): Omit<PatternSet, 'lines'>[] {
  const root = hostPath(folder)
  return places.flatMap((place) => {
    const source = hostPath(place.folder)
    const at = posix.join('/', place.path, '/').slice(0, -1) || '/'
    if (isWithin(source, root)) return [{at, below: posix.relative(root, source)}]
    return isWithin(root, source) ? [{at: posix.join(at, posix.relative(source, root)), below: ''}] : []
  })
}

/**
 * The lines of the `.kegignore` of a folder.
 * @returns undefined if there is none
 * @throws FailedError `folder-unreadable`
 */
export async function readKegIgnore(folder: string): Promise<string[] | undefined> {
  const file = join(folder, KEG_IGNORE)
  try {
    if (!(await lstat(file)).isFile()) return undefined
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '').split(/\r?\n/)
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes(String(property(cause, 'code')))) return undefined
    throw new FailedError(`${printable(file)} cannot be read.`, {
      code: 'folder-unreadable',
      hint: 'Make it readable for your user, or remove it.',
      cause,
    })
  }
}
