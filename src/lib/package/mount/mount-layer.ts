import {createHash} from 'node:crypto'
import {FailedError} from '../../error/keg-error.js'
import {readTar} from '../../tar/read-tar.js'
import {bytesToText, encodeHeader, END_OF_TAR, paddingAfter, textToBytes, type TarHeader} from '../../tar/tar-header.js'
import {printable} from '../../terminal/text.js'
import type {Entry} from '../image/entry-list.js'
import {isWithin} from './mount-rules.js'

/** Hides what lower layers have in its folder (OCI image-spec, layer.md, "Opaque Whiteout"). */
export const OPAQUE = '.wh..wh..opq'

/** What names in a layer begin with that are no files but deletions (OCI image-spec, layer.md, "Whiteouts"). */
export const WHITEOUT = '.wh.'

/** An archive of a mount as the engine sent it, with the owners as the container has them, and the place it goes to. */
export interface MountRecording {
  /** The mount point, with all symlinks followed. */
  readonly path: string
  /** Mount points below it: what this mount has there is hidden by another mount. */
  readonly hiddenPaths: readonly string[]
  /** What a sync made for itself in it: it stays out, with all that is below. */
  readonly leftOut: readonly string[]
  /** The folders above the mount, outermost first, as the container has them: a layer without them would reset them. */
  readonly parents: readonly TarHeader[]
  /** The archive, from its beginning at each call. */
  readonly read: () => AsyncIterable<Buffer>
}

/**
 * Writes the layer of a mount: the folders above it, the mount's root, opaque so that nothing of lower layers shows
 * through, and everything the mount holds. The same recording always gives the same bytes.
 * @param onEntry called with each file of the mount, in the order of the layer.
 * @throws FailedError `whiteout-name` for a file whose name would be a deletion in a layer, `hardlink-hidden` for one whose
 * content is in what another mount hides.
 */
export async function* mountLayer(recording: MountRecording, onEntry?: (entry: Entry) => void): AsyncGenerator<Buffer> {
  const root = textToBytes(recording.path.slice(1))
  const hidden = recording.hiddenPaths.map((path) => `${textToBytes(path.slice(1))}/`)
  const leftOut = recording.leftOut.map((path) => textToBytes(path.slice(1)))
  const isHidden = (path: string): boolean =>
    hidden.some((folder) => path.startsWith(folder)) || leftOut.some((top) => isWithin(path, top))
  for (const parent of recording.parents) yield encodeHeader(parent)
  for await (const {header: archived, content} of readTar(recording.read())) {
    const path = placed(archived.path, root)
    if (isHidden(path)) continue
    if (path.slice(path.lastIndexOf('/') + 1).startsWith(WHITEOUT)) throw whiteoutName(path)
    const link = archived.type === 'hardlink' ? placed(archived.link, root) : archived.link
    if (archived.type === 'hardlink' && isHidden(link)) throw hiddenHardlink(path)
    const header = {...archived, path, link}
    yield encodeHeader(header)
    if (path === root && header.type === 'directory') yield encodeHeader(opaqueMarker(header))
    if (header.type !== 'file') {
      onEntry?.({header, sha256: undefined})
      continue
    }
    const hash = onEntry && createHash('sha256')
    for await (const chunk of content) {
      hash?.update(chunk)
      yield chunk
    }
    if (paddingAfter(header.size) > 0) yield Buffer.alloc(paddingAfter(header.size))
    onEntry?.({header, sha256: hash?.digest('hex')})
  }
  yield END_OF_TAR
}

/**
 * Where a path of an archive of a mount belongs: the archive's first component is the mount point itself, whatever it is
 * called there. All are byte strings without a leading slash.
 */
export function placed(archivedPath: string, root: string): string {
  const slash = archivedPath.indexOf('/')
  return slash < 0 ? root : root + archivedPath.slice(slash)
}

function opaqueMarker(folder: TarHeader): TarHeader {
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

function whiteoutName(path: string): FailedError {
  return new FailedError(
    `/${printable(bytesToText(path))} cannot be in an image: names that begin with ${WHITEOUT} mean deletions there.`,
    {
      code: 'whiteout-name',
      hint: 'Rename or remove it, or leave its mount out with --exclude-mount.',
    },
  )
}

function hiddenHardlink(path: string): FailedError {
  return new FailedError(
    `/${printable(bytesToText(path))} is a hard link to a file that is not in the package: another mount hides it, or it is a sync's own.`,
    {
      code: 'hardlink-hidden',
      hint: 'Copy it in place, so that it gets content of its own, and package again.',
    },
  )
}
