import {textToBytes} from '../../tar/tar-header.js'
import type {Entry} from '../image/entry-list.js'
import {foldersAbove, whiteoutsOf} from '../image/hidden-layer.js'
import type {Differences} from './difference.js'
import type {EntrySpool} from './entry-spool.js'
import {joinEntries} from './join-entries.js'
import type {OwnRecord} from './own-record.js'

/** What is compared. */
export interface HiddenLayerComparison {
  readonly record: OwnRecord
  /** What the layer has to hide, and nothing else. */
  readonly paths: readonly string[]
  readonly found: EntrySpool
  readonly diffId: string
  readonly differences: Differences
}

/**
 * Compares a layer that hides what a sync made for itself with what was recorded: the folders above are as the container had
 * them, each path is hidden, and there is nothing else in it. What is not hidden is named as added.
 */
export async function compareHiddenLayer(comparison: HiddenLayerComparison): Promise<void> {
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
