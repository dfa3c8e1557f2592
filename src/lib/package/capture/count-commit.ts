import {posix} from 'node:path'
import {GO_MODE, type ContainerDetails} from '../../engine/types.js'
import {FailedError} from '../../error/keg-error.js'
import {readTar} from '../../tar/read-tar.js'
import {shortPath, shownPath} from '../../tar/shown-path.js'
import {bytesToText, textToBytes} from '../../tar/tar-header.js'
import {changeKey, isLossy, type ContainerChanges} from '../../container/container-changes.js'
import type {ImageFiles} from '../../container/helper/image-files.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** A commit, and the changes it was made from. */
export interface CommitCount {
  readonly container: ContainerDetails
  /** The files of the commit. */
  readonly files: ImageFiles
  readonly changes: ContainerChanges
}

/** Up to this many paths are looked up one by one; beyond that, the whole commit is listed. */
const MAX_LOOKUPS = 500
const PARALLEL_LOOKUPS = 8

/**
 * Checks that everything the engine listed as added to a container is in its commit: an engine leaves out what it cannot read, and
 * says so only in its log. New folders are listed; other new files are looked up.
 * @returns paths of sockets, which no commit contains, as they are shown
 * @throws FailedError `files-missing` if anything else is missing
 */
export async function countCommit(work: EngineWork, options: CommitCount): Promise<string[]> {
  const {engine} = work
  const {container} = options
  const sockets: string[] = []
  const lost: string[] = []
  for (const key of await missingOf(work, options)) {
    const stat = await engine.pathStat(container.Id, `/${bytesToText(key)}`)
    // Programs remove their sockets when they end: a file that is gone by now was one, or is no longer wanted.
    const isSocket = stat === undefined || (stat.mode & GO_MODE.socket) !== 0
    if (isSocket) sockets.push(shownPath(key))
    else lost.push(key)
  }
  if (lost.length > 0) throw filesMissing(lost)
  return sockets
}

/** @returns keys of paths */
async function missingOf({signal}: EngineWork, {changes, files: committed}: CommitCount): Promise<string[]> {
  const missing = new Set(changes.added().filter((key) => !isLossy(key)))
  if (missing.size === 0) return []
  const {files, folders} = placesOf(missing)
  const places = files.length > MAX_LOOKUPS ? ['/'] : folders
  const helper = await committed.container()
  for (const place of places) {
    const above = posix.dirname(place)
    for await (const {header} of readTar(helper.archive(place, signal)))
      missing.delete(changeKey(posix.join(textToBytes(above), header.path).slice(1)))
  }
  const waiting = files.filter((key) => missing.has(key))
  const ask = async (): Promise<void> => {
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
      signal.throwIfAborted()
      if ((await helper.stat(`/${bytesToText(key)}`)) !== undefined) missing.delete(key)
    }
  }
  await Promise.all(Array.from({length: PARALLEL_LOOKUPS}, ask))
  return [...missing]
}

/**
 * Where to find the added files.
 * @returns the outermost new folders that have something new in them, as absolute paths, and the keys of all other paths
 */
function placesOf(added: ReadonlySet<string>): {folders: string[]; files: string[]} {
  const filled = new Set<string>()
  const tops: string[] = []
  for (const key of added) {
    const slash = key.lastIndexOf('/')
    const parent = slash < 0 ? '' : key.slice(0, slash)
    if (added.has(parent)) filled.add(parent)
    else tops.push(key)
  }
  return {
    folders: tops.filter((key) => filled.has(key)).map((key) => `/${bytesToText(key)}`),
    files: tops.filter((key) => !filled.has(key)),
  }
}

function filesMissing(keys: readonly string[]): FailedError {
  const [first = ''] = keys
  const more = keys.length > 1 ? ` and ${(keys.length - 1).toLocaleString('en-US')} more` : ''
  return new FailedError(`The engine's commit lacks ${shortPath(first)}${more}, which the container has.`, {
    code: 'files-missing',
    hint: 'The log of the engine may say why it could not read it. Move or remove it, and package again.',
    data: {paths: keys.slice(0, 1000).map((key) => shownPath(key))},
  })
}
