import {createHash} from 'node:crypto'
import {textToBytes, type TarHeader} from '../../tar/tar-header.js'
import type {Entry} from '../../image/entry-list.js'
import {OPAQUE} from '../../image/whiteout.js'
import {placed} from '../../image/layer/mount-layer.js'
import type {MountRecording} from '../../image/model.js'
import type {Differences} from './difference.js'
import {entriesOf} from './entry-spool.js'
import {joinEntries} from './join-entries.js'
import {mergeLayers, type FoundEntries, type FoundEntry} from './merge-layers.js'
import {isWithin} from '../../tar/path.js'
import type {Work} from '../../work/work.js'

/** What to compare. */
export interface MountLayerComparison {
  /** The mount as the engine archived it while the container was paused. */
  readonly recording: MountRecording
  /** The mount's layers, read back from the image, from the bottom. */
  readonly found: readonly FoundEntries[]
  readonly differences: Differences
}

/**
 * Compares the layers of a mount with its recording, entry by entry: the files in their places, without what other mounts hide,
 * except for the mount point; the folders above; and, in the lowest layer, the marker that hides what lower layers have in the mount's
 * folder.
 * @returns how many entries of the mount the layers have.
 */
export async function compareMountLayers(
  work: Pick<Work, 'signal'>,
  comparison: MountLayerComparison,
): Promise<number> {
  const {signal} = work
  const {differences, found, recording} = comparison
  const root = textToBytes(recording.path.slice(1))
  const layer = found.length === 1 ? (found[0]?.diffId ?? null) : null
  let entries = 0
  const unmatched = await joinEntries(
    expectedEntries(recording, root, signal),
    counting(withoutRepeats(root, comparison), (entry) => {
      if (isMountEntry(root, entry.header.path)) entries++
    }),
    (expected, actual) => {
      if (isOpaqueMarker(root, expected.header.path)) return
      differences.compare(actual.diffId, expected, actual)
    },
  )
  for (const path of unmatched.expected.keys()) differences.addPath('missing', layer, path)
  for (const [path, {diffId}] of unmatched.found) differences.addPath('added', diffId, path)
  for (const path of unmatched.twice) differences.addPath('added', layer, path)
  return entries
}

/** The entries of all layers of a mount: each folder once, which must be the same in all of them. */
async function* withoutRepeats(
  root: string,
  {differences, found}: Pick<MountLayerComparison, 'differences' | 'found'>,
): AsyncGenerator<FoundEntry> {
  const folders = new Map<string, Entry>()
  for await (const entry of mergeLayers(found)) {
    const {header, index, diffId} = entry
    const known = folders.get(header.path)
    if (found.length > 1 && header.type === 'directory') {
      if (known === undefined) folders.set(header.path, entry)
      else {
        differences.compare(diffId, known, entry)
        continue
      }
    }
    // It would hide the lower layers of the mount itself.
    if (index > 0 && isOpaqueMarker(root, header.path)) differences.addPath('added', diffId, header.path)
    else yield entry
  }
}

/** Whether an entry of a mount's layer belongs to the mount: neither a folder above it nor the marker. */
export function isMountEntry(root: string, path: string): boolean {
  return isWithin(path, root) && !isOpaqueMarker(root, path)
}

function isOpaqueMarker(root: string, path: string): boolean {
  return path === `${root}/${OPAQUE}`
}

/** The expected entries of the layer, derived only from the recording. */
async function* expectedEntries(
  {mountPointsBelow, agentFiles, parents, read}: MountRecording,
  root: string,
  signal: AbortSignal,
): AsyncGenerator<Entry> {
  for (const header of parents) yield {header, sha256: undefined}
  const points = mountPointsBelow.map((path) => textToBytes(path.slice(1)))
  const without = agentFiles.map((path) => textToBytes(path.slice(1)))
  const isGone = (path: string): boolean =>
    points.some((point) => path !== point && isWithin(path, point)) || without.some((top) => isWithin(path, top))
  /** Other names of files whose content the archive has under a hidden name. */
  const renamed = new Map<string, TarHeader[]>()
  for await (const {header: archived, sha256} of entriesOf(read())) {
    signal.throwIfAborted()
    const path = placed(archived.path, root)
    const link = archived.type === 'hardlink' ? placed(archived.link, root) : archived.link
    const header = {...archived, path, link}
    if (isGone(path)) continue
    if (points.includes(path) && header.type !== 'directory') yield emptyFile(header)
    else if (header.type === 'hardlink' && (isGone(link) || points.includes(link)))
      renamed.set(link, [...(renamed.get(link) ?? []), header])
    else yield {header, sha256}
    if (path === root && header.type === 'directory')
      yield {header: {...header, type: 'file', path: `${root}/${OPAQUE}`}, sha256: undefined}
  }
  if (renamed.size > 0) yield* renamedEntries(renamed, root, read)
}

/** A file that another mount hides keeps only its path, owner, mode and time. */
function emptyFile({gid, mode, mtime, path, uid}: TarHeader): Entry {
  const nothing = {link: '', size: 0, deviceMajor: 0, deviceMinor: 0, xattrs: new Map<string, Buffer>()}
  return {header: {...nothing, type: 'file', path, mode, uid, gid, mtime}, sha256: NOTHING}
}

const NOTHING = createHash('sha256').digest('hex')

/** Files under the first of their visible names, and their other links. */
async function* renamedEntries(
  renamed: ReadonlyMap<string, readonly TarHeader[]>,
  root: string,
  read: MountRecording['read'],
): AsyncGenerator<Entry> {
  for await (const {header, sha256} of entriesOf(read())) {
    const [first, ...others] = renamed.get(placed(header.path, root)) ?? []
    if (first === undefined || header.type === 'hardlink') continue
    yield {header: {...header, path: first.path}, sha256}
    for (const other of others) yield {header: {...other, link: first.path}, sha256: undefined}
  }
}

async function* counting<Found extends Entry>(
  entries: AsyncIterable<Found>,
  onEntry: (entry: Found) => void,
): AsyncGenerator<Found> {
  for await (const entry of entries) {
    onEntry(entry)
    yield entry
  }
}
