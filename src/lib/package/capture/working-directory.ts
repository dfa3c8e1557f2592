import {posix} from 'node:path'
import {resolveDirectory, type FoundEntry} from '../../container/resolve-directory.js'
import {printable} from '../../terminal/text.js'
import {isWithin} from '../../tar/path.js'

/** What a working directory is checked with. */
export interface WorkingDirectoryOptions {
  readonly directory: string | undefined
  /** What exists at a path in the container. */
  readonly look: (path: string) => Promise<FoundEntry>
  readonly mounts: readonly {readonly destination: string; readonly included: boolean}[]
}

/**
 * What is wrong with the working directory for users of the package, resolved as the kernel would: docker creates a missing one,
 * empty, and does not start in a file.
 * @returns sentences; none if it is a folder in the package
 */
export async function workingDirectoryWarnings({directory, look, mounts}: WorkingDirectoryOptions): Promise<string[]> {
  if (directory === undefined || posix.resolve('/', directory) === '/') return []
  const {kind, path} = await resolveDirectory(directory, look)
  const name = printable(path === posix.resolve('/', directory) ? directory : `${directory} (${path})`)
  if (kind === 'loop' || kind === 'other')
    return [
      `The working directory ${name} is ${kind === 'loop' ? 'a symlink to itself' : 'not a folder'}: the package starts only in another, with --workdir.`,
    ]
  const mount = await coveringMount(path, look, mounts)
  if (mount !== undefined && !mount.included)
    return [
      `The working directory ${name} is in the mount ${printable(mount.destination)}, whose files are not in the package.`,
    ]
  return kind === 'missing'
    ? [`The working directory ${name} does not exist: the package starts in an empty folder.`]
    : []
}

/** The innermost mount that a path is in. */
async function coveringMount<Mount extends {readonly destination: string}>(
  path: string,
  look: (path: string) => Promise<FoundEntry>,
  mounts: readonly Mount[],
): Promise<Mount | undefined> {
  let found: {readonly mount: Mount; readonly length: number} | undefined
  for (const mount of mounts) {
    const place = (await resolveDirectory(mount.destination, look)).path
    if (isWithin(path, place) && place.length > (found?.length ?? 0)) found = {mount, length: place.length}
  }
  return found?.mount
}
