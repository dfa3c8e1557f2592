import {textToBytes} from '../../tar/tar-header.js'
import type {Entry} from '../../image/entry-list.js'
import {foldersAbove, whiteoutsOf} from '../../image/layer/whiteout-layer.js'
import type {Differences} from './difference.js'
import type {EntrySpool} from './entry-spool.js'
import {joinEntries} from './join-entries.js'
import type {WritableLayerRecord} from './writable-layer-record.js'

/** What to compare. */
export interface WhiteoutLayerComparison {
  readonly record: WritableLayerRecord
  /** What the layer must hide, and nothing else. */
  readonly paths: readonly string[]
  readonly found: EntrySpool
  readonly diffId: string
  readonly differences: Differences
}

/**
 * Compares the whiteout layer for agent files with what was recorded: the folders above are as the container had them, each path
 * is hidden, and there is nothing else in it. A path that is not hidden counts as added.
 */
export async function compareWhiteoutLayer(comparison: WhiteoutLayerComparison): Promise<void> {
  const {diffId, differences, found, paths, record} = comparison
  const folders = new Set(foldersAbove(paths).map((path) => textToBytes(path.slice(1))))
  const whiteouts = new Map(whiteoutsOf(paths).map((whiteout, index) => [whiteout, paths[index] ?? '']))
  const above = async function* (): AsyncGenerator<Entry> {
    for await (const entry of record.files.read()) if (folders.has(entry.header.path)) yield entry
  }
  const others = async function* (): AsyncGenerator<Entry> {
    for await (const entry of found.read()) if (!whiteouts.delete(entry.header.path)) yield entry
  }
  const unmatched = await joinEntries(above(), others(), (expected, actual) =>
    differences.compare(diffId, expected, actual),
  )
  for (const path of unmatched.expected.keys()) differences.addPath('missing', diffId, path)
  for (const path of [...unmatched.found.keys(), ...unmatched.twice]) differences.addPath('added', diffId, path)
  for (const path of whiteouts.values()) differences.addPath('added', diffId, textToBytes(path.slice(1)))
}
