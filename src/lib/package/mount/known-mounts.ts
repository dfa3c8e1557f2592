import type {MountPoint} from '../../engine/types.js'
import {bytesToText, textToBytes} from '../../tar/tar-header.js'

/** A row of `/proc/PID/mountinfo`, as far as needed to recognize a mount. Paths are byte strings. */
export interface KernelMount {
  readonly point: string
  /** Path of what is mounted, inside its file system. */
  readonly root: string
  readonly fileSystem: string
}

/** A mount of a container, and where the kernel has it, if known. */
export interface KnownMount extends MountPoint {
  readonly knownPath: string | undefined
}

/**
 * Finds a container's mounts among the kernel's. Only the kernel knows in which order mounts of equal depth were mounted, and
 * where a symlink led that was changed since the container was started.
 * @param mounts in the order in which engines mount them
 * @param rows in the order in which they were mounted
 * @returns the mounts; those of equal depth in the kernel's order, if it has all of them
 */
export function findKnownMounts(mounts: readonly MountPoint[], rows: readonly KernelMount[]): KnownMount[] {
  const found = new Map<MountPoint, KernelMount>()
  claim(mounts, rows, found, (mount, row) => isAt(mount, row) && isOf(mount, row))
  claim(mounts, rows, found, isAt)
  claim(mounts, rows, found, (mount, row) => row.root !== '/' && isOf(mount, row))
  const order = (mount: MountPoint): number => rows.findIndex((row) => row === found.get(mount))
  const depths = [...new Set(mounts.map(({Destination}) => depthOf(Destination)))]
  const ordered = depths.flatMap((depth) => {
    const equals = mounts.filter(({Destination}) => depthOf(Destination) === depth)
    const areKnown = equals.every((mount) => found.has(mount))
    return areKnown ? equals.sort((left, right) => order(left) - order(right)) : equals
  })
  return ordered.map((mount) => ({...mount, knownPath: textOf(found.get(mount)?.point)}))
}

/** Assigns each row that fits exactly one mount. */
function claim(
  mounts: readonly MountPoint[],
  rows: readonly KernelMount[],
  found: Map<MountPoint, KernelMount>,
  fits: (mount: MountPoint, row: KernelMount) => boolean,
): void {
  const open = mounts.filter((mount) => !found.has(mount))
  const taken = new Set(found.values())
  const free = rows.filter((row) => !taken.has(row))
  for (const mount of open) {
    const [row, ...others] = free.filter((each) => fits(mount, each))
    if (row === undefined || others.length > 0) continue
    if (open.filter((each) => fits(each, row)).length === 1) found.set(mount, row)
  }
}

function isAt({Destination}: MountPoint, {point}: KernelMount): boolean {
  return point === textToBytes(Destination)
}

/** A source is a path of the machine; the kernel shows only the part inside the file system. */
function isOf({Source, Type}: MountPoint, {fileSystem, root}: KernelMount): boolean {
  if (Type === 'tmpfs') return fileSystem === 'tmpfs' && root === '/'
  return root === '/' ? fileSystem !== 'tmpfs' : textToBytes(Source).endsWith(root)
}

function textOf(bytes: string | undefined): string | undefined {
  if (bytes === undefined) return undefined
  const text = bytesToText(bytes)
  return textToBytes(text) === bytes ? text : undefined
}

function depthOf(path: string): number {
  return path.split('/').length
}
