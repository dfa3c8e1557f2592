import {createHash} from 'node:crypto'
import {lstat, readFile, readlink} from 'node:fs/promises'
import {join} from 'node:path'
import type {Questions} from '../../command/ask.js'
import type {Engine} from '../../engine/engine.js'
import {FailedError} from '../../error/keg-error.js'
import {property} from '../../json/json.js'
import {readTar} from '../../tar/read-tar.js'
import {bytesToText, type TarHeader} from '../../tar/tar-header.js'
import {count, printable} from '../../terminal/text.js'
import {ignoreMatcher} from '../ignore/ignore-matcher.js'

export interface FindLossesOptions {
  readonly engine: Engine
  /** Id of the container. */
  readonly container: string
  readonly local: string
  readonly remote: string
  /** Patterns as Mutagen has them. */
  readonly ignores: readonly string[]
  readonly ignoresVersionControl: boolean
  readonly signal: AbortSignal
}

/** What a container loses when its folder becomes a replica, as paths below that folder. */
export interface ReplicaLosses {
  /** What this machine does not have; a folder stands for all that is in it. */
  readonly deleted: readonly string[]
  /** Files and links that are others here. */
  readonly overwritten: readonly string[]
}

/**
 * Compares the folder in the container with that of this machine, as a replica would make it: Mutagen itself tells of what it
 * deletes only when it has. The folder is read through the engine, what differs in size without a look at the content.
 */
export async function findReplicaLosses(options: FindLossesOptions): Promise<ReplicaLosses> {
  const {container, engine, local, remote, signal} = options
  const isIgnored = ignoreMatcher(options.ignores, options.ignoresVersionControl)
  const deleted: string[] = []
  const overwritten: string[] = []
  /** Folders with nothing below them that counts any more: left out, or deleted as a whole. */
  const closed = new Set<string>()
  for await (const {content, header} of readTar(await engine.archive(container, remote, signal))) {
    const path = bytesToText(header.path).split('/').slice(1).join('/')
    if (path === '' || parentsOf(path).some((parent) => closed.has(parent))) continue
    const isFolder = header.type === 'directory'
    // Mutagen passes over devices, sockets and the like.
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

/** Shows what is lost and asks. @throws FailedError `cancelled`, UsageError `input-missing` where nobody can be asked */
export async function confirmLosses(
  {deleted, overwritten}: ReplicaLosses,
  place: string,
  {questions, say}: {readonly questions: Questions; readonly say: (line: string) => void},
): Promise<void> {
  if (deleted.length + overwritten.length === 0) return
  for (const [verb, paths] of [
    ['deleted', deleted],
    ['overwritten', overwritten],
  ] as const)
    if (paths.length > 0) say(listed(`${printable(place)} becomes a replica; these are ${verb} there:`, paths))
  const parts = [
    ...(deleted.length > 0 ? [`delete ${count(deleted.length, 'path')}`] : []),
    ...(overwritten.length > 0 ? [`overwrite ${count(overwritten.length, 'file')}`] : []),
  ]
  if (await questions.confirm(`The first sync is going to ${parts.join(' and ')} in ${place}. Go on?`, {flag: '--yes'}))
    return
  throw new FailedError('Nothing was synced.', {
    code: 'cancelled',
    hint: 'The mode two-way-safe deletes nothing of the kind; --ignore leaves files alone.',
  })
}

const MOST_SHOWN = 20

function listed(title: string, paths: readonly string[]): string {
  const shown = paths.slice(0, MOST_SHOWN).map((path) => `  ${printable(path)}`)
  const more = paths.length > MOST_SHOWN ? [`  and ${(paths.length - MOST_SHOWN).toLocaleString('en-US')} more`] : []
  return [title, ...shown, ...more].join('\n')
}

function parentsOf(path: string): string[] {
  const names = path.split('/').slice(0, -1)
  return names.map((_, index) => names.slice(0, index + 1).join('/'))
}

async function kindOf(path: string): Promise<'folder' | 'other' | undefined> {
  const found = await lstat(path).catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes(String(property(error, 'code')))) return undefined
    throw error
  })
  if (found === undefined) return undefined
  return found.isDirectory() ? 'folder' : 'other'
}

async function isSameFile(path: string, header: TarHeader, content: AsyncIterable<Buffer>): Promise<boolean> {
  const here = await lstat(path)
  if (header.type === 'symlink') return here.isSymbolicLink() && (await readlink(path)) === bytesToText(header.link)
  // The archive has the content of a hard link elsewhere: what cannot be compared is shown.
  if (header.type !== 'file' || !here.isFile() || here.size !== header.size) return false
  const theirs = createHash('sha256')
  for await (const chunk of content) theirs.update(chunk)
  return (
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex') === theirs.digest('hex')
  )
}
