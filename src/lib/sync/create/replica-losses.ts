import {createHash} from 'node:crypto'
import {lstat, readFile, readlink} from 'node:fs/promises'
import {join, posix} from 'node:path'
import type {Prompt} from '../../terminal/prompt.js'
import type {EngineWork} from '../../engine/engine-work.js'
import {FailedError} from '../../error/keg-error.js'
import {property} from '../../json/json.js'
import {readTar} from '../../tar/read-tar.js'
import {bytesToText, type TarHeader} from '../../tar/tar-header.js'
import {count, printable} from '../../terminal/text.js'
import {ignoreMatcher} from '../../git/ignore/ignore-matcher.js'
import {parentPaths} from '../../tar/path.js'

export interface FindLossesOptions {
  /** Id of the container. */
  readonly container: string
  readonly local: string
  readonly remote: string
  /** Mutagen's patterns. */
  readonly ignores: readonly string[]
  readonly ignoresVersionControl: boolean
}

/** What a container loses if its folder becomes a replica, as paths below that folder. */
export interface ReplicaLosses {
  /** Missing on this machine; a folder includes everything in it. */
  readonly deleted: readonly string[]
  /** Files and links that differ on this machine. */
  readonly overwritten: readonly string[]
}

/**
 * Compares the folder in the container with that of this machine, as a replica would change it: Mutagen itself reports
 * deletions only afterwards. Reads the folder through the engine, and compares content only if the sizes are equal.
 */
export async function findReplicaLosses(
  {engine, signal}: Pick<EngineWork, 'engine' | 'signal'>,
  {container, ignores, ignoresVersionControl, local, remote}: FindLossesOptions,
): Promise<ReplicaLosses> {
  const isIgnored = ignoreMatcher(ignores, ignoresVersionControl)
  const deleted: string[] = []
  const overwritten: string[] = []
  /** Folders whose contents do not count any more: ignored, or deleted as a whole. */
  const closed = new Set<string>()
  for await (const {content, header} of readTar(await engine.archive(container, remote, signal))) {
    const path = bytesToText(header.path).split('/').slice(1).join('/')
    if (path === '' || parentPaths(path).some((parent) => closed.has(parent))) continue
    const isFolder = header.type === 'directory'
    // Mutagen ignores devices, sockets and the like.
    const isSynced = isFolder || ['file', 'hardlink', 'symlink'].includes(header.type)
    if (!isSynced || isIgnored(path, isFolder)) {
      if (isFolder) closed.add(path)
      continue
    }
    const here = await kindOf(join(local, path))
    if (here === undefined || (here === 'folder') !== isFolder) {
      deleted.push(path)
      if (isFolder) closed.add(path)
    } else if (!isFolder && !(await isSameFile(join(local, path), header, content))) overwritten.push(path)
  }
  return {deleted, overwritten}
}

/** If nothing is lost, or losses were not computed. */
export const NOTHING_LOST: ReplicaLosses = {deleted: [], overwritten: []}

/** Whether anything that would be lost differs from the image. @param changed absolute paths */
export function isAnyChanged(
  {deleted, overwritten}: ReplicaLosses,
  remote: string,
  changed: readonly string[],
): boolean {
  const paths = new Set(changed)
  // A folder includes everything in it.
  const within = new Set(deleted.map((path) => posix.join(remote, path)))
  return (
    overwritten.some((path) => paths.has(posix.join(remote, path))) ||
    changed.some((path) => [...parentPaths(path), path].some((way) => within.has(way)))
  )
}

/** Shows what is lost and asks. @throws FailedError `cancelled`, UsageError `input-missing` if nobody can be asked */
export async function confirmLosses(
  {deleted, overwritten}: ReplicaLosses,
  place: string,
  {prompt, notice}: {readonly prompt: Prompt; readonly notice: (line: string) => void},
): Promise<void> {
  if (deleted.length + overwritten.length === 0) return
  for (const [verb, paths] of [
    ['deleted', deleted],
    ['overwritten', overwritten],
  ] as const)
    if (paths.length > 0) notice(listed(`${printable(place)} becomes a replica; these are ${verb} there:`, paths))
  const parts = [
    ...(deleted.length > 0 ? [`delete ${count(deleted.length, 'path')}`] : []),
    ...(overwritten.length > 0 ? [`overwrite ${count(overwritten.length, 'file')}`] : []),
  ]
  if (await prompt.confirm(`The first sync will ${parts.join(' and ')} in ${place}. Continue?`, {flag: '--yes'})) return
  throw new FailedError('Nothing was synced.', {
    code: 'cancelled',
    hint: 'The mode two-way-safe deletes nothing like that; --ignore leaves files alone.',
  })
}

const MAX_SHOWN = 20

function listed(title: string, paths: readonly string[]): string {
  const shown = paths.slice(0, MAX_SHOWN).map((path) => `  ${printable(path)}`)
  const more = paths.length > MAX_SHOWN ? [`  and ${(paths.length - MAX_SHOWN).toLocaleString('en-US')} more`] : []
  return [title, ...shown, ...more].join('\n')
}

async function kindOf(path: string): Promise<'folder' | 'other' | undefined> {
  const found = await lstat(path).catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes(String(property(error, 'code')))) return undefined
    throw error
  })
  if (found === undefined) return undefined
  return found.isDirectory() ? 'folder' : 'other'
}

/** Whether a file of this machine equals an entry of an archive. */
export async function isSameFile(path: string, header: TarHeader, content: AsyncIterable<Buffer>): Promise<boolean> {
  const here = await lstat(path)
  if (header.type === 'symlink') return here.isSymbolicLink() && (await readlink(path)) === bytesToText(header.link)
  // A hard link's content is elsewhere in the archive: what cannot be compared counts as different.
  if (header.type !== 'file' || !here.isFile() || here.size !== header.size) return false
  const theirs = createHash('sha256')
  for await (const chunk of content) theirs.update(chunk)
  return (
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex') === theirs.digest('hex')
  )
}
