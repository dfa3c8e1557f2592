import {FailedError} from '../error/keg-error.js'
import {shortPath} from '../tar/shown-path.js'
import type {TarHeader} from '../tar/tar-header.js'

/** Hides what lower layers have in its folder (OCI image-spec, layer.md, "Opaque Whiteout"). */
export const OPAQUE = '.wh..wh..opq'

/** The prefix of names in a layer that are not files but deletions (OCI image-spec, layer.md, "Whiteouts"). */
export const WHITEOUT = '.wh.'

/** Whether the last component of a path means a deletion in a layer. */
export function isWhiteoutName(path: string): boolean {
  return path.slice(path.lastIndexOf('/') + 1).startsWith(WHITEOUT)
}

/**
 * Whether overlay file systems take a file for a deletion (Linux, Documentation/filesystems/overlayfs.rst, "whiteouts and opaque
 * directories"): engines write it into a layer unchanged, and then no container shows it.
 */
export function isWhiteoutDevice({deviceMajor, deviceMinor, type}: TarHeader): boolean {
  return type === 'character' && deviceMajor === 0 && deviceMinor === 0
}

/**
 * Refuses a file that would be a deletion in a layer.
 * @param header of a file, with its path in the container: a byte string without a leading slash
 * @throws FailedError `whiteout-name`, `whiteout-device`
 */
export function refuseWhiteout(header: TarHeader): void {
  if (isWhiteoutName(header.path)) throw whiteoutName(header.path)
  if (isWhiteoutDevice(header)) throw whiteoutDevice(header.path)
}

/** The error for a name that would be a deletion. @param path byte string without a leading slash */
export function whiteoutName(path: string): FailedError {
  return new FailedError(
    `${shortPath(path)} cannot be in an image: names that begin with ${WHITEOUT} mean deletions there.`,
    {code: 'whiteout-name', hint: RENAME},
  )
}

function whiteoutDevice(path: string): FailedError {
  return new FailedError(
    `${shortPath(path)} cannot be in an image: a character device 0:0 means a deletion there, as in the data of an inner engine.`,
    {code: 'whiteout-device', hint: REMOVE},
  )
}

const IN_A_MOUNT = 'or, if it is in a mount, exclude that mount with --exclude-mount.'
const RENAME = `Rename or remove it, ${IN_A_MOUNT}`
const REMOVE = `Remove it, ${IN_A_MOUNT}`
