import {createHash} from 'node:crypto'
import type {Entry} from '../../../../src/lib/image/entry-list.js'
import {EntrySpool} from '../../../../src/lib/package/verify/entry-spool.js'
import type {TarHeader} from '../../../../src/lib/tar/tar-header.js'
import {headerOf} from '../../tar/archive.js'

/** A file with content. */
export function fileEntry(path: string, text = '', more: Partial<TarHeader> = {}): Entry {
  const content = Buffer.from(text)
  const header = headerOf(path, {...more, size: content.length})
  return {header, sha256: createHash('sha256').update(content).digest('hex')}
}

/** An entry without content. */
export function entry(path: string, more: Partial<TarHeader> = {type: 'directory', mode: 0o755}): Entry {
  return {header: headerOf(path, more), sha256: undefined}
}

export function hardlink(path: string, link: string): Entry {
  return entry(path, {type: 'hardlink', link})
}

/** Entries as a stream. */
export async function* stream(entries: readonly Entry[]): AsyncGenerator<Entry> {
  for (const each of entries) yield await Promise.resolve(each)
}

/** Calls a function with entries in a temporary file. */
export async function withSpool<Result>(
  entries: readonly Entry[],
  use: (spool: EntrySpool) => Promise<Result>,
): Promise<Result> {
  await using spool = await EntrySpool.of(stream(entries))
  return await use(spool)
}
