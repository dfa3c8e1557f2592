import {posix} from 'node:path'
import {FailedError} from '../../error/keg-error.js'
import {printable} from '../../terminal/text.js'
import {isWithin} from '../../tar/path.js'

/** A mount as its container was started with it. */
export interface MountToPlace {
  readonly destination: string
  /** Where the kernel has it; undefined if unknown. */
  readonly knownPath?: string | undefined
}

/** A mount where the kernel put it. */
export interface MountRow<Mount extends MountToPlace = MountToPlace> {
  readonly mount: Mount
  /** The destination, with all symlinks followed. */
  readonly path: string
}

/** A mount that another one covers completely. */
export interface CoveredMount<Mount extends MountToPlace = MountToPlace> extends MountRow<Mount> {
  readonly by: Mount
}

/**
 * The target of a symlink as written in it; undefined if it is not a symlink.
 * @param path absolute, without symlinks above its last component
 * @param row the mount that it is in; undefined for the container's own files
 */
export type ReadLink<Mount extends MountToPlace> = (
  path: string,
  row: MountRow<Mount> | undefined,
) => Promise<string | undefined>

/**
 * A container's mounts as the kernel has them. Each is mounted where its destination leads once all earlier ones are in place, as
 * in runc (filepath-securejoin): symlinks are followed inside the container, including those in other mounts. What an earlier
 * mount, or the container itself, has at that place is then hidden.
 */
export class MountTable<Mount extends MountToPlace> {
  readonly #visible: MountRow<Mount>[] = []
  readonly #covered: CoveredMount<Mount>[] = []

  private constructor(private readonly readLink: ReadLink<Mount>) {}

  /**
   * @param given engines mount them by the number of components in their destinations. Mounts of equal depth are in the given
   * order if all have a `knownPath`; otherwise only the kernel knows, and deeper paths come later, so that both can be seen.
   * @throws FailedError `link-loop`
   */
  static async of<Mount extends MountToPlace>(
    given: readonly Mount[],
    readLink: ReadLink<Mount>,
  ): Promise<MountTable<Mount>> {
    const table = new MountTable(readLink)
    const mounts = [...given].sort((left, right) => depthOf(left.destination) - depthOf(right.destination))
    for (let start = 0; start < mounts.length;) {
      const depth = depthOf(mounts[start]?.destination ?? '')
      const length = mounts.slice(start).findIndex(({destination}) => depthOf(destination) !== depth)
      const equals = mounts.slice(start, length < 0 ? undefined : start + length)
      for (const mount of await table.#inOrder(equals)) table.#mount(mount, await table.#placeOf(mount))
      start += equals.length
    }
    return table
  }

  /** The mounts that are not fully covered, outer before inner. */
  get visible(): readonly MountRow<Mount>[] {
    return [...this.#visible].sort((left, right) => (left.path < right.path ? -1 : 1))
  }

  get covered(): readonly CoveredMount<Mount>[] {
    return this.#covered
  }

  /** The mount that a path is in; undefined for the container's own files. @param but a mount to ignore */
  at(path: string, but?: MountRow<Mount>): MountRow<Mount> | undefined {
    const above = this.#visible.filter((row) => row !== but && isWithin(path, row.path))
    return above.reduce<MountRow<Mount> | undefined>(
      (deepest, row) => (deepest === undefined || row.path.length > deepest.path.length ? row : deepest),
      undefined,
    )
  }

  /** The mount points in a mount that hide part of it, outermost only. */
  pointsIn(row: MountRow<Mount>): string[] {
    return this.visible.filter((inner) => inner !== row && this.at(inner.path, inner) === row).map(({path}) => path)
  }

  async #inOrder(equals: readonly Mount[]): Promise<readonly Mount[]> {
    if (equals.length < 2 || equals.every(({knownPath}) => knownPath !== undefined)) return equals
    const depths = new Map<Mount, number>()
    for (const mount of equals) depths.set(mount, depthOf(await this.#placeOf(mount)))
    return [...equals].sort((left, right) => (depths.get(left) ?? 0) - (depths.get(right) ?? 0))
  }

  #mount(mount: Mount, path: string): void {
    for (let index = this.#visible.length - 1; index >= 0; index--) {
      const row = this.#visible[index]
      if (row === undefined || !isWithin(row.path, path)) continue
      this.#visible.splice(index, 1)
      this.#covered.push({...row, by: mount})
    }
    this.#visible.push({mount, path})
  }

  async #placeOf({destination, knownPath}: Mount): Promise<string> {
    if (knownPath !== undefined) return knownPath
    const names = destination.split('/')
    let path = '/'
    for (let links = 0; names.length > 0;) {
      const next = posix.resolve(path, names.shift() ?? '')
      const row = this.at(next)
      const link =
        next === path || isWithin(path, next) || row?.path === next ? undefined : await this.readLink(next, row)
      if (link === undefined) {
        path = next
        continue
      }
      if (++links > MAX_LINKS) throw linkLoop(destination)
      names.unshift(...link.split('/'))
      if (link.startsWith('/')) path = '/'
    }
    return path
  }
}

/** The limit of filepath-securejoin, with which runc follows them. */
const MAX_LINKS = 255

function depthOf(path: string): number {
  return path.split('/').filter((name) => name !== '').length
}

function linkLoop(destination: string): FailedError {
  return new FailedError(`${printable(destination)} is a loop of symlinks.`, {
    code: 'link-loop',
    hint: 'Fix its symlinks, or exclude the mount with --exclude-mount.',
  })
}
