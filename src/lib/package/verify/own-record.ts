import type {Engine} from '../../engine/engine.js'
import {CHANGE, GO_MODE} from '../../engine/types.js'
import {bytesToText, textToBytes} from '../../tar/tar-header.js'
import type {Entry} from '../image/entry-list.js'
import {entriesOf, EntrySpool} from './entry-spool.js'

/**
 * What a container's own files were while it stood still, by the engine's export and its list of changes: it does not come
 * from the commit that the package's own layer is made of. Mounts are in neither.
 */
export interface OwnRecord extends AsyncDisposable {
  /** The whole root file system without mounts; the root folder itself is not in it. */
  readonly files: EntrySpool
  /** What the container changed against its image, by key of the path. */
  readonly changes: ReadonlyMap<string, number>
  /** Sockets among the changes, which no archive carries: keys of their paths. */
  readonly sockets: readonly string[]
  /** Other changes that the export does not have: keys of their paths. */
  readonly unread: readonly string[]
}

/**
 * Paths as they are found in a list of changes: the engine writes that as JSON, so that bytes which are no UTF-8 are lost. One
 * or several of them in a row are the same here.
 * @param path byte string without its leading slash.
 */
export function changeKey(path: string): string {
  return textKey(bytesToText(path))
}

function textKey(path: string): string {
  return textToBytes(path.replace(/\uFFFD+/g, '\uFFFD'))
}

/**
 * Records a container that stands still. The record is in a temporary file until it is disposed of.
 * @param committed the commit of the same container. The export waits for it and for the changes, because an engine makes a
 * folder `.pivot_root...` in the container for as long as it begins to export (seen on 28.5), which both would take for the
 * container's own.
 */
export async function recordOwnFiles(
  engine: Engine,
  container: string,
  committed: Promise<unknown>,
  signal: AbortSignal,
): Promise<OwnRecord> {
  const changes = new Map<string, number>()
  for (const {Kind, Path} of await engine.changes(container, signal))
    changes.set(textKey(Path.replace(/^\//, '')), Kind)
  await committed
  // Changes that the export has not shown yet. The root folder is in none.
  const unseen = new Set([...changes].flatMap(([key, kind]) => (kind === CHANGE.deleted || key === '' ? [] : [key])))
  const exported = async function* (): AsyncGenerator<Entry> {
    for await (const entry of entriesOf(await engine.exportContainer(container, signal))) {
      unseen.delete(changeKey(entry.header.path))
      yield entry
    }
  }
  const files = await EntrySpool.of(exported())
  try {
    const record = {files, changes, ...(await explain(engine, container, unseen))}
    return {...record, [Symbol.asyncDispose]: () => files[Symbol.asyncDispose]()}
  } catch (error) {
    await files[Symbol.asyncDispose]()
    throw error
  }
}

/** Tells which of the changes that are in no archive are sockets. */
async function explain(
  engine: Engine,
  container: string,
  unseen: ReadonlySet<string>,
): Promise<Pick<OwnRecord, 'sockets' | 'unread'>> {
  const sockets: string[] = []
  const unread: string[] = []
  for (const key of unseen) {
    const mode = (await engine.pathStat(container, `/${bytesToText(key)}`))?.mode ?? 0
    const list = (mode & GO_MODE.socket) === 0 ? unread : sockets
    list.push(key)
  }
  return {sockets, unread}
}
