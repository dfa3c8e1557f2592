import {readTar} from '../../tar/read-tar.js'
import {encodeHeader, END_OF_TAR, textToBytes, type TarHeader} from '../../tar/tar-header.js'
import type {HelperContainer} from '../../container/helper/helper-container.js'
import type {ImageFiles} from '../../container/helper/image-files.js'
import type {MountReader} from '../capture/mount-reader.js'
import type {IdMap} from '../../container/helper/id-map.js'
import {placed} from '../../image/layer/mount-layer.js'
import {MOUNT_PLACE} from './mount-place.js'
import {MountTable, type MountRow, type MountToPlace} from './mount-table.js'
import {emptied} from '../../image/layer/visible-entries.js'
import {parentPaths} from '../../tar/path.js'

/** A mount of the container, in the package or not. */
export interface PlaceableMount extends MountToPlace {
  /** `engine` for a file that the engine creates in each container: it hides the same part of the image in all of them. */
  readonly type: string
  /** For a packaged mount: its archive, with owners as the container has them. */
  readonly read: (() => AsyncIterable<Buffer>) | undefined
  /** Opens a reader for only this mount, which it has at `MOUNT_PLACE`; undefined if it cannot be read. */
  readonly open: () => Promise<MountReader | undefined>
}

/** Where a mount belongs in the image. */
export interface Place {
  readonly mount: PlaceableMount
  /** The destination, with all symlinks followed. */
  readonly path: string
  /** The folders above it, outermost first, as the container has them. */
  readonly parents: readonly TarHeader[]
  /** Mount points below it. */
  readonly mountPointsBelow: readonly string[]
  /** The archive of the mount; an empty folder or file for one that is left out. */
  readonly read: () => AsyncIterable<Buffer>
}

/** Where all mounts of a container belong. */
export interface Placement {
  /**
   * What gets a layer, outer before inner: packaged mounts, and those left out where the package would otherwise show what the
   * mount hides in the container.
   */
  readonly places: readonly Place[]
  /** Packaged mounts that another one covers completely. */
  readonly covered: readonly {readonly mount: PlaceableMount; readonly by: PlaceableMount}[]
  readonly masks: readonly Mask[]
}

/** A mount point that hides some of the container's own files, from the image or changed since. */
export interface Mask {
  readonly path: string
  readonly isFolder: boolean
}

/** What is needed to find the places. */
export interface PlacementOptions {
  /** The container's files without its mounts. */
  readonly files: ImageFiles
  /** All mounts of the container, in the order in which engines mount them. */
  readonly mounts: readonly PlaceableMount[]
  readonly owners: IdMap
}

/** Finds where each mount belongs: symlinks, parent folders, what it hides, and what is mounted in it. */
export async function placeMounts({files: own, mounts, owners}: PlacementOptions): Promise<Placement> {
  if (mounts.length === 0) return {places: [], covered: [], masks: []}
  const files = await own.container()
  const table = await MountTable.of(mounts, async (path, row) => {
    if (row === undefined) return files.readLink(path)
    return (await row.mount.open())?.readLink(inReader(row, path))
  })
  const folders = new Folders(table, files, owners)
  await folders.readMounts()
  const places: Place[] = []
  const masks: Mask[] = []
  for (const row of table.visible) {
    const {mount, path} = row
    const hidesOwnFiles = mount.type !== 'engine' && table.at(path, row) === undefined
    const hidden = hidesOwnFiles ? await hiddenBy(path, files) : undefined
    if (hidden !== undefined) masks.push({path, isFolder: hidden.type === 'directory'})
    const read = mount.read ?? (hidden && archiveOfNothing(await owners.owned(hidden)))
    if (read === undefined) continue
    const mountPointsBelow = mount.read === undefined ? [] : table.pointsIn(row)
    places.push({mount, path, parents: await folders.above(path), mountPointsBelow, read})
  }
  const covered = table.covered.filter(({mount}) => mount.read !== undefined)
  return {places, covered, masks}
}

/**
 * What the container's own files have at a mount point, if the mount hides anything there.
 * @returns the folder, if it is not empty, or the file, unless it is the empty one that an engine creates there.
 */
export async function hiddenBy(path: string, files: HelperContainer): Promise<TarHeader | undefined> {
  if ((await files.stat(path)) === undefined) return undefined
  let point: TarHeader | undefined
  for await (const {header} of readTar(files.archive(path))) {
    if (point !== undefined) return point
    if (header.type !== 'directory') return header.type === 'file' && header.size === 0 ? undefined : header
    point = header
  }
  return undefined
}

/** An archive like an engine's, with only an empty folder or file. */
function archiveOfNothing(header: TarHeader): () => AsyncIterable<Buffer> {
  const archive = Buffer.concat([encodeHeader(header.type === 'directory' ? header : emptied(header)), END_OF_TAR])
  // oxlint-disable-next-line typescript/require-await -- it is read like any other archive
  return async function* () {
    yield archive
  }
}

function inReader(row: MountRow, path: string): string {
  return MOUNT_PLACE + path.slice(row.path === '/' ? 0 : row.path.length)
}

/** The folders above mount points, as the container has them. */
class Folders {
  /** Of packaged mounts, by path. */
  readonly #inMounts = new Map<string, TarHeader>()
  /** All that were looked up. */
  readonly #known = new Map<string, TarHeader>()

  constructor(
    private readonly table: MountTable<PlaceableMount>,
    private readonly files: HelperContainer,
    private readonly owners: IdMap,
  ) {}

  /** Reads the archives of packaged mounts as far as other mounts are in them. */
  async readMounts(): Promise<void> {
    const all = [...new Set(this.table.visible.flatMap(({path}) => parentPaths(path)))]
    for (const row of this.table.visible) {
      if (row.mount.read === undefined) continue
      const wanted = new Map(
        all.filter((path) => this.#ownerOf(path) === row).map((path) => [textToBytes(path.slice(1)), path]),
      )
      if (wanted.size === 0) continue
      const root = textToBytes(row.path.slice(1))
      for await (const {header} of readTar(row.mount.read())) {
        const bytes = placed(header.path, root)
        const path = wanted.get(bytes)
        if (path === undefined) continue
        wanted.delete(bytes)
        if (header.type === 'directory') this.#inMounts.set(path, header)
        if (wanted.size === 0) break
      }
    }
  }

  /** The headers of all folders above a path, outermost first. */
  async above(path: string): Promise<TarHeader[]> {
    const headers: TarHeader[] = []
    for (const folder of parentPaths(path)) {
      const known = this.#known.get(folder) ?? (await this.#headerOf(folder))
      this.#known.set(folder, known)
      headers.push({...known, path: textToBytes(folder.slice(1))})
    }
    return headers
  }

  async #headerOf(path: string): Promise<TarHeader> {
    const row = this.#ownerOf(path)
    if (row?.mount.read !== undefined) return this.#inMounts.get(path) ?? MADE_BY_ENGINE
    const reader = row === undefined ? this.files : await row.mount.open()
    const header = await reader?.header(row === undefined ? path : inReader(row, path))
    return header?.type === 'directory' ? this.owners.owned(header) : MADE_BY_ENGINE
  }

  /** Whose a folder is in the package: the mount point of a mount that is left out belongs to what is below that mount. */
  #ownerOf(path: string): MountRow<PlaceableMount> | undefined {
    const row = this.table.at(path)
    return row?.path === path && row.mount.read === undefined ? this.table.at(path, row) : row
  }
}

/** How an engine creates a missing folder above a mount (runc, rootfs_linux.go). */
const MADE_BY_ENGINE: TarHeader = {
  ...{path: '', type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0, mtime: 0, link: ''},
  ...{deviceMajor: 0, deviceMinor: 0, xattrs: new Map<string, Buffer>()},
}
