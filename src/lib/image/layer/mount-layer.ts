import {createHash} from 'node:crypto'
import {encodeHeader, END_OF_TAR, textToBytes, type TarHeader} from '../../tar/tar-header.js'
import type {TarEntry} from '../../tar/read-tar.js'
import {entryBytes} from '../../tar/write-tar.js'
import type {Entry} from '../entry-list.js'
import type {MountRecording} from '../model.js'
import {OPAQUE, refuseWhiteout} from '../whiteout.js'
import {visibilityOf, visibleEntries} from './visible-entries.js'

/**
 * Writes the layer of a mount: the folders above it, the mount's root, opaque so that nothing of lower layers is visible, and
 * everything in the mount. The same recording always gives the same bytes.
 * @param onEntry called with each file of the mount, in the order of the layer.
 * @throws FailedError `whiteout-name`, `whiteout-device` for a file that would be a deletion in a layer.
 */
export async function* mountLayer(recording: MountRecording, onEntry?: (entry: Entry) => void): AsyncGenerator<Buffer> {
  const root = textToBytes(recording.path.slice(1))
  for (const parent of recording.parents) yield encodeHeader(parent)
  for await (const entry of visibleInMount(recording)) {
    const {header} = entry
    refuseWhiteout(header)
    const hash = header.type === 'file' && onEntry ? createHash('sha256') : undefined
    yield* entryBytes(entry, (content) => hash?.update(content))
    if (header.path === root && header.type === 'directory') yield encodeHeader(opaqueMarker(header))
    onEntry?.({header, sha256: hash?.digest('hex')})
  }
  yield END_OF_TAR
}

/** What the container sees of a recorded mount, at its paths. */
export function visibleInMount(recording: MountRecording): AsyncGenerator<TarEntry> {
  const root = textToBytes(recording.path.slice(1))
  return visibleEntries(recording.read, {
    place: (path) => placed(path, root),
    visibility: visibilityOf(recording.mountPointsBelow, recording.agentFiles),
  })
}

/**
 * The container's path for a path in a mount's archive: the first component in the archive is the mount point itself, whatever
 * its name. All are byte strings without a leading slash.
 */
export function placed(archivedPath: string, root: string): string {
  const slash = archivedPath.indexOf('/')
  return slash < 0 ? root : root + archivedPath.slice(slash)
}

/** The marker that hides what lower layers have in a folder. */
export function opaqueMarker(folder: TarHeader): TarHeader {
  const nothing = {
    type: 'file',
    mode: 0,
    size: 0,
    link: '',
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: new Map<string, Buffer>(),
  } as const
  return {...nothing, path: `${folder.path}/${OPAQUE}`, uid: folder.uid, gid: folder.gid, mtime: folder.mtime}
}
