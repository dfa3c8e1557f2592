import {readFile, type FileHandle} from 'node:fs/promises'
import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails} from '../../engine/types.js'
import {textToBytes} from '../../tar/tar-header.js'
import {findInside, folderAt, mountIdOf, type FoundFile} from './file-at.js'
import {parseIdMap, sameIds, type IdMap} from './id-map.js'
import {mountOf, parseMountInfo, type MountRow} from './mount-info.js'

/**
 * The first process of a running container, if it is a process of this machine: through it the kernel shows what the container
 * has mounted, and its files as it sees them.
 */
export class ContainerProcess implements AsyncDisposable {
  private constructor(
    /** Its folder in `/proc`: stays this process's even when its number is reused. */
    private readonly folder: FileHandle,
    readonly mounts: readonly MountRow[],
    /** The container's root folder; undefined if keg may not look into it. */
    readonly root: FileHandle | undefined,
    /** Maps an owner's id as keg sees it to the id the engine uses. */
    readonly users: IdMap,
    readonly groups: IdMap,
  ) {}

  /**
   * Finds a container's process on this machine. The process ids of an engine elsewhere (in a virtual machine, a container,
   * behind ssh) are not this machine's: what counts is that the kernel names the container's id for the process.
   * @returns undefined if it is not on this machine, or keg may not see it.
   */
  static async find(engine: Engine, {Id, State}: ContainerDetails): Promise<ContainerProcess | undefined> {
    const pid = State.Running ? (State.Pid ?? 0) : 0
    if (process.platform !== 'linux' || engine.endpoint.kind !== 'socket' || pid <= 0) return undefined
    let folder: FileHandle | undefined
    let root: FileHandle | undefined
    try {
      folder = await folderAt(`/proc/${pid}`)
      const here = `/proc/self/fd/${folder.fd}`
      const [cgroup, mounts] = await Promise.all(
        ['cgroup', 'mountinfo'].map((name) => readFile(`${here}/${name}`, 'latin1')),
      )
      if (cgroup === undefined || mounts === undefined || !(cgroup.includes(Id) || mounts.includes(`/${Id}/`)))
        throw new Error('another process')
      root = await folderAt(`${here}/root`).catch(() => undefined)
      // With user remapping the engine uses the machine's ids, and keg maps them later; a rootless engine knows only its own.
      const [users, groups] = engine.remapsUsers
        ? [sameIds, sameIds]
        : await Promise.all(
            ['uid_map', 'gid_map'].map(async (name) => parseIdMap(await readFile(`${here}/${name}`, 'utf8'))),
          )
      return new ContainerProcess(folder, parseMountInfo(mounts), root, users ?? sameIds, groups ?? sameIds)
    } catch {
      await root?.close()
      await folder?.close()
      return undefined
    }
  }

  /**
   * Finds what is mounted at a destination.
   * @returns the row of the mount, and if keg may look into the container, the mounted file, which the caller closes; undefined
   * if nothing is mounted at exactly that path.
   */
  async mountAt(destination: string): Promise<{row: MountRow; found: FoundFile | undefined} | undefined> {
    const path = textToBytes(destination)
    if (this.root === undefined) {
      const row = mountOf(this.mounts, path)
      return row?.point === path ? {row, found: undefined} : undefined
    }
    const found = await findInside(this.root, path).catch(() => undefined)
    if (found === undefined) return undefined
    const id = await mountIdOf(found.file)
    const row = this.mounts.find((mount) => mount.id === id && mount.point === found.path)
    if (row !== undefined) return {row, found}
    await found.file.close()
    return undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.root?.close()
    await this.folder.close()
  }
}
