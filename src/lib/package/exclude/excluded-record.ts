import {changeKey, type ContainerChanges} from '../../container/container-changes.js'
import type {Entry} from '../../image/entry-list.js'
import {EntrySpool} from '../verify/entry-spool.js'
import {HardLinks} from '../verify/hard-links.js'
import type {WritableLayerRecord} from '../verify/writable-layer-record.js'
import type {PathSet} from './excluded-entries.js'

/**
 * A record of a container as if what is excluded had been deleted before. A file with several names keeps its content under the
 * remaining ones.
 */
export async function recordWithout(
  record: WritableLayerRecord,
  excluded: PathSet,
  changes: ContainerChanges,
): Promise<WritableLayerRecord> {
  const links = await HardLinks.of(() => record.files.read())
  const kept = async function* (): AsyncGenerator<Entry> {
    const firstNames = new Map<string, string>()
    for await (const entry of record.files.read()) {
      const {link, path, type} = entry.header
      if (excluded.covers(path)) continue
      const first = firstNames.get(link)
      if (type !== 'hardlink' || !excluded.covers(link)) yield entry
      else if (first !== undefined) yield {...entry, header: {...entry.header, link: first}}
      else {
        firstNames.set(link, path)
        yield links.resolve(entry)
      }
    }
  }
  const files = await EntrySpool.of(kept())
  const isKept = (key: string): boolean => !excluded.covers(changeKey(key))
  return {
    files,
    changes,
    sockets: record.sockets.filter(isKept),
    unread: record.unread.filter(isKept),
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  }
}
