import {textToBytes} from '../../tar/tar-header.js'
import type {Entry} from '../image/entry-list.js'
import {placed, OPAQUE, type MountRecording} from '../mount/mount-layer.js'
import {isWithin} from '../mount/mount-rules.js'
import type {Differences} from './difference.js'
import {entriesOf, type EntrySpool} from './entry-spool.js'
import {joinEntries} from './join-entries.js'

/** What is compared. */
export interface MountLayerComparison {
  /** The mount as the engine archived it while the container stood still. */
  readonly recording: MountRecording
  /** The mount's layer as it was read back from the image. */
  readonly found: EntrySpool
  readonly diffId: string
  readonly differences: Differences
  readonly signal: AbortSignal
}

/**
 * Compares the layer of a mount with its recording, entry by entry: the files where they belong, without what other mounts
 * hide; the folders above; and the marker that hides what lower layers have in the mount's folder.
 * @returns how many entries of the mount the layer has.
 */
export async function compareMountLayer(comparison: MountLayerComparison): Promise<number> {
  const {differences, diffId, found, recording, signal} = comparison
  const root = textToBytes(recording.path.slice(1))
  let entries = 0
  const unmatched = await joinEntries(
    expectedEntries(recording, root, signal),
    counting(found.read(), (entry) => {
      if (isMountEntry(root, entry.header.path)) entries++
    }),
    (expected, actual) => {
      if (isOpaqueMarker(root, expected.header.path)) return
      differences.compare(diffId, expected, actual)
    },
  )
  for (const path of unmatched.expected.keys()) differences.addPath('missing', diffId, path)
  for (const path of [...unmatched.found.keys(), ...unmatched.twice]) differences.addPath('added', diffId, path)
  return entries
}

/** Whether an entry of a mount's layer is the mount's own: neither a folder above it nor the marker. */
export function isMountEntry(root: string, path: string): boolean {
  return isWithin(path, root) && !isOpaqueMarker(root, path)
}

function isOpaqueMarker(root: string, path: string): boolean {
  return path === `${root}/${OPAQUE}`
}

/** What the layer has to have, worked out from the recording alone. */
async function* expectedEntries(
  {hiddenPaths, leftOut, parents, read}: MountRecording,
  root: string,
  signal: AbortSignal,
): AsyncGenerator<Entry> {
  for (const header of parents) yield {header, sha256: undefined}
  const hidden = hiddenPaths.map((path) => textToBytes(path.slice(1)))
  const withoutThem = leftOut.map((path) => textToBytes(path.slice(1)))
  for await (const {header: archived, sha256} of entriesOf(read())) {
    signal.throwIfAborted()
    const path = placed(archived.path, root)
    if (hidden.some((point) => path !== point && isWithin(path, point))) continue
    if (withoutThem.some((top) => isWithin(path, top))) continue
    const link = archived.type === 'hardlink' ? placed(archived.link, root) : archived.link
    const header = {...archived, path, link}
    yield {header, sha256}
    if (path === root && header.type === 'directory')
      yield {header: {...header, type: 'file', path: `${root}/${OPAQUE}`}, sha256: undefined}
  }
}

async function* counting(entries: AsyncIterable<Entry>, onEntry: (entry: Entry) => void): AsyncGenerator<Entry> {
  for await (const entry of entries) {
    onEntry(entry)
    yield entry
  }
}
