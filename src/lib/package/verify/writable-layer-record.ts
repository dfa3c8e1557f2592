import type {Engine} from '../../engine/engine.js'
import {GO_MODE} from '../../engine/types.js'
import {bytesToText} from '../../tar/tar-header.js'
import {changeKey, type ContainerChanges} from '../../container/container-changes.js'
import type {Entry} from '../../image/entry-list.js'
import {refuseWhiteout} from '../../image/whiteout.js'
import {entriesOf, EntrySpool} from './entry-spool.js'
import type {EngineWork} from '../../engine/engine-work.js'

/**
 * A container's own files while it was paused, from the engine's export and its list of changes, not from the commit that the
 * package's writable layer is made of. Mounts are in neither.
 */
export interface WritableLayerRecord extends AsyncDisposable {
  /** The whole root file system without mounts and without the root folder itself. */
  readonly files: EntrySpool
  readonly changes: ContainerChanges
  /** Sockets among the changes, which no archive contains: keys of their paths. */
  readonly sockets: readonly string[]
  /** Other changes that are not in the export: keys of their paths. */
  readonly unread: readonly string[]
}

/** Options for making the record. */
export interface WritableLayerRecordOptions {
  /** Id of the container. */
  readonly container: string
  readonly listing: Promise<ContainerChanges>
  /**
   * The commit of the same container. The export waits for it and for the changes, because an engine creates a folder
   * `.pivot_root...` in the container while it starts an export (seen on 28.5), and both would mistake it for the container's
   * own.
   */
  readonly committing: Promise<unknown>
}

/**
 * Records a paused container. The record is in a temporary file until it is disposed of.
 * @throws FailedError `whiteout-device`
 */
export async function recordWritableLayer(
  work: Pick<EngineWork, 'engine' | 'signal'>,
  options: WritableLayerRecordOptions,
): Promise<WritableLayerRecord> {
  const {engine, signal} = work
  const {committing, container, listing} = options
  const changes = await listing
  await committing
  const unseen = new Set(changes.existing())
  const exported = async function* (): AsyncGenerator<Entry> {
    for await (const entry of entriesOf(await engine.exportContainer(container, signal))) {
      if (unseen.delete(changeKey(entry.header.path))) refuseWhiteout(entry.header)
      yield entry
    }
  }
  const files = await EntrySpool.of(exported())
  try {
    const record = {files, changes, ...(await findSockets(engine, container, unseen))}
    return {...record, [Symbol.asyncDispose]: () => files[Symbol.asyncDispose]()}
  } catch (error) {
    await files[Symbol.asyncDispose]()
    throw error
  }
}

/** Finds out which of the changes that are in no archive are sockets. */
async function findSockets(
  engine: Engine,
  container: string,
  unseen: ReadonlySet<string>,
): Promise<Pick<WritableLayerRecord, 'sockets' | 'unread'>> {
  const sockets: string[] = []
  const unread: string[] = []
  for (const key of unseen) {
    const mode = (await engine.pathStat(container, `/${bytesToText(key)}`))?.mode ?? 0
    const list = (mode & GO_MODE.socket) === 0 ? unread : sockets
    list.push(key)
  }
  return {sockets, unread}
}
