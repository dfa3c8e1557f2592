import type {BigIntStats} from 'node:fs'
import {readlink, type FileHandle} from 'node:fs/promises'
import {GO_MODE, type PathStat} from '../../engine/types.js'
import {readTar} from '../../tar/read-tar.js'
import {textToBytes, type TarHeader} from '../../tar/tar-header.js'
import type {MountReader} from '../capture/mount-reader.js'
import type {ContainerProcess} from './container-process.js'
import {fileAt, pathAt} from './file-at.js'
import {below, isKernelFileSystem, mountOf, type MountRow} from './mount-info.js'
import {ownArchive} from './own-archive.js'
import {isWithin} from '../../tar/path.js'

/** The content of one mount of a container, as the container has it, read by keg itself. */
export class OwnContent implements MountReader, AsyncDisposable {
  #hasExecutables = false

  constructor(
    private readonly top: FileHandle,
    private readonly process: ContainerProcess,
    private readonly inner: ReadonlyMap<string, 'inside' | 'other'>,
  ) {}

  /** Whether a file that was read is executable, and so may have capabilities that keg cannot see. */
  get hasExecutables(): boolean {
    return this.#hasExecutables
  }

  async stat(path: string): Promise<PathStat | undefined> {
    await using found = await this.#find(path)
    const stats = await found?.file.stat({bigint: true})
    return stats && {name: nameOf(path), size: Number(stats.size), mode: goMode(stats), linkTarget: ''}
  }

  async header(path: string): Promise<TarHeader | undefined> {
    await using found = await this.#find(path)
    if (found === undefined) return undefined
    const {groups, users} = this.process
    const archive = ownArchive({top: found.file, name: nameOf(path), users, groups, inner: new Map()})
    for await (const {header} of readTar(archive)) return header
    return undefined
  }

  async readLink(path: string): Promise<string | undefined> {
    const above = path.slice(0, path.lastIndexOf('/'))
    await using folder = above === '' ? undefined : await this.#find(above)
    if (folder === undefined) return undefined
    // Only a symlink has a target (else EINVAL).
    return await readlink(pathAt(folder.file, textToBytes(nameOf(path)))).catch(() => undefined)
  }

  /** Archives the whole mount; there is no archive of a part. */
  async *archive(path: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
    const {inner, process, top} = this
    const {groups, users} = process
    const onFile = (stats: BigIntStats): void => {
      if (stats.isFile() && (stats.mode & 0o111n) !== 0n) this.#hasExecutables = true
    }
    yield* ownArchive({top, name: nameOf(path), users, groups, inner, onFile, signal})
  }

  /** Reads all of it. @throws the system's errors if keg has no permission. */
  async probe(signal: AbortSignal): Promise<void> {
    const archive = this.archive('/probe', signal)
    while ((await archive.next()).done !== true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.top.close()
  }

  /** Finds a path whose first component is the mount, without following symlinks. */
  async #find(path: string): Promise<(AsyncDisposable & {readonly file: FileHandle}) | undefined> {
    let file = this.top
    const close = async (): Promise<void> => {
      if (file !== this.top) await file.close()
    }
    try {
      for (const name of path.split('/').slice(2)) {
        const next = await fileAt(file, textToBytes(name))
        await close()
        file = next
      }
      return {file, [Symbol.asyncDispose]: close}
    } catch {
      await close()
      return undefined
    }
  }
}

/**
 * What is mounted below a mount, by its path there: `other` for the container's other mounts, and for what holds nobody's files
 * or may wait for a process of the paused container (FUSE).
 * @param declared ids of the mounts that the container was started with
 */
export function innerMounts(
  rows: readonly MountRow[],
  outer: MountRow,
  declared: ReadonlySet<number>,
): ReadonlyMap<string, 'inside' | 'other'> {
  const inner = rows.filter(
    ({id, point}) => point !== outer.point && isWithin(point, outer.point) && mountOf(rows, point)?.id === id,
  )
  return new Map(
    inner.map(({fileSystem, id, point}) => {
      const isOther = declared.has(id) || isKernelFileSystem(fileSystem) || fileSystem.startsWith('fuse')
      return [below(point, outer.point), isOther ? 'other' : 'inside']
    }),
  )
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function goMode(stats: BigIntStats): number {
  const permissions = Number(stats.mode & 0o777n)
  if (stats.isDirectory()) return permissions + GO_MODE.directory
  if (stats.isSocket()) return permissions + GO_MODE.socket
  if (stats.isCharacterDevice() || stats.isBlockDevice()) return permissions + GO_MODE.device
  return stats.isFIFO() ? permissions + GO_MODE.namedPipe : permissions
}
