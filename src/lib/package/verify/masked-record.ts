import {changeKey} from '../../container/container-changes.js'
import {textToBytes, type TarHeader} from '../../tar/tar-header.js'
import type {Entry} from '../../image/entry-list.js'
import type {EntrySource} from './entry-spool.js'
import {HardLinks} from './hard-links.js'
import type {WritableLayerRecord} from './writable-layer-record.js'
import {isWithin} from '../../tar/path.js'

/** What to compare of a record of the container's own files. */
export interface ComparedRecord extends Pick<WritableLayerRecord, 'changes' | 'unread'> {
  readonly files: EntrySource
}

/**
 * A record without what mounts hide. A file with other names is kept under those, as if the hidden name had never existed.
 * @param masks absolute paths of mount points
 */
export async function maskedRecord(record: WritableLayerRecord, masks: readonly string[]): Promise<ComparedRecord> {
  if (masks.length === 0) return record
  const points = masks.map((mask) => textToBytes(mask.slice(1)))
  const isBelowPoint = (path: string): boolean => points.some((point) => path !== point && isWithin(path, point))
  const isHidden = ({path, type}: Pick<TarHeader, 'path' | 'type'>): boolean =>
    isBelowPoint(path) || (type !== 'directory' && points.includes(path))
  const links = await HardLinks.of(() => record.files.read())
  const read = async function* (): AsyncGenerator<Entry> {
    const firstNames = new Map<string, string>()
    for await (const entry of record.files.read()) {
      const {link, path, type} = entry.header
      if (isHidden(entry.header)) continue
      const first = firstNames.get(link)
      if (type !== 'hardlink' || !isHidden({path: link, type})) yield entry
      else if (first !== undefined) yield {...entry, header: {...entry.header, link: first}}
      else {
        firstNames.set(link, path)
        yield links.resolve(entry)
      }
    }
  }
  const keys = points.map(changeKey)
  const isShown = (key: string): boolean => !keys.some((point) => key !== point && isWithin(key, point))
  return {
    files: {read},
    changes: record.changes.filter(isShown),
    unread: record.unread.filter(isShown),
  }
}

/** Entries of the container's writable layer without the empty files that replace what mounts hide. */
export function maskedEntries(entries: EntrySource | undefined, masks: readonly string[]): EntrySource | undefined {
  if (entries === undefined || masks.length === 0) return entries
  const points = masks.map((mask) => textToBytes(mask.slice(1)))
  return {
    async *read() {
      for await (const entry of entries.read()) {
        const {path, size, type} = entry.header
        if (type !== 'file' || size > 0 || !points.includes(path)) yield entry
      }
    },
  }
}
