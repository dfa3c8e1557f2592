import {readFile, realpath, stat} from 'node:fs/promises'
import {mountPoints} from '../../container/mount-points.js'
import {EngineError} from '../../engine/engine-error.js'
import {
  GO_MODE,
  type ContainerDetails,
  type ContainerState,
  type MountPoint,
  type PathStat,
} from '../../engine/types.js'
import {RefusedError} from '../../error/keg-error.js'
import {property} from '../../json/json.js'
import {textToBytes, bytesToText, type TarHeader} from '../../tar/tar-header.js'
import {printable} from '../../terminal/text.js'
import type {HelperContainer} from '../../container/helper/helper-container.js'
import type {MountReader} from '../capture/mount-reader.js'
import {ContainerProcess} from './container-process.js'
import {identityOf} from './file-at.js'
import {locationOf, mountsBelow, parseMountInfo, pathOf, type MountRow} from './mount-info.js'
import {innerMounts, OwnContent} from './own-content.js'
import {judgeSource, type OwnMount, type SourceNow} from './source-verdict.js'
import {MOUNT_PLACE} from '../mount/mount-place.js'
import {shownName} from '../../container/container-name.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** Options for reading the contents of mounts. */
export interface MountContentsOptions {
  readonly container: ContainerDetails
  /** Whether to package new content if the container's own cannot be read. */
  readonly acceptReplaced: boolean
}

/**
 * Where the content of a mount is read: `source`, the container's own source, through the engine; `moved`, the same content at
 * its new path; `container`, as the container has it, by keg itself; `replacement`, what is at the source now, which is not what
 * the container has; `unknown`, at the source, when nothing shows whether that is what the container has.
 */
export type ContentOrigin = 'source' | 'moved' | 'container' | 'replacement' | 'unknown'

/** How a mount is read through the engine. */
export interface MountAccess {
  /** Creates a helper container that has a path of the engine's machine, or the volume, at `MOUNT_PLACE`. */
  readonly read: (source: string) => Promise<HelperContainer>
  /** Whether the container also has what the host has mounted below the source. */
  readonly isRecursive: boolean
}

/** What is known about the machine and the container at one moment. */
interface Observation {
  readonly state: ContainerState
  /** Undefined if it is not on this machine. */
  readonly process: ContainerProcess | undefined
  /** Mounts of this machine, as keg sees them. */
  readonly rows: readonly MountRow[]
  /** Ids of the mounts that the container was started with. */
  readonly declared: ReadonlySet<number>
}

/**
 * Decides whose content goes into a package. The path of a bind's source may have changed since the container was started: an
 * editor or git renamed a new file over it, a folder was cloned again, a symlink was changed. The engine's archive uses the path,
 * so keg finds what the container has through the mounts of its process, if that is on this machine.
 */
export class MountContents implements AsyncDisposable {
  readonly #binds = new Map<string, BindContent>()

  private constructor(
    private readonly work: Pick<EngineWork, 'engine' | 'signal'>,
    private readonly options: MountContentsOptions,
    private observation: Observation,
  ) {}

  static async of(work: Pick<EngineWork, 'engine' | 'signal'>, options: MountContentsOptions): Promise<MountContents> {
    return new MountContents(work, options, await observe(work, options))
  }

  /** A reader that has a mount at `MOUNT_PLACE`. The caller disposes of it. */
  async open(mount: MountPoint, access: MountAccess): Promise<MountReader & AsyncDisposable> {
    if (mount.Type !== 'bind') return access.read(mount.Source)
    const content = new BindContent(this.work, mount, access)
    await content.open(this.observation)
    this.#binds.set(mount.Destination, content)
    return content
  }

  /** Where a mount is read; undefined for those that only exist in the engine, such as volumes. */
  originOf(destination: string): ContentOrigin | undefined {
    return this.#bind(destination)?.origin
  }

  /** The mounts among these with files whose capabilities keg cannot see. */
  withoutCapabilities(destinations: readonly string[]): string[] {
    return destinations.filter((destination) => this.#bind(destination)?.lacksCapabilities === true)
  }

  /**
   * Refuses mounts if new content would be packaged instead of the container's own.
   * @throws RefusedError `mount-replaced`
   */
  check(destinations: readonly string[]): void {
    if (this.options.acceptReplaced) return
    for (const destination of destinations)
      if (this.originOf(destination) === 'replacement')
        throw replaced(destination, this.#bind(destination)?.source ?? '', this.options.container)
  }

  /**
   * Checks again while the container is paused: what is found now is read.
   * @throws RefusedError `mount-replaced`
   */
  async recheck(destinations: readonly string[]): Promise<void> {
    const binds = destinations.flatMap((destination) => this.#bind(destination) ?? [])
    if (binds.length === 0) return
    const before = this.observation
    this.observation = await observe(this.work, this.options)
    for (const bind of binds) await bind.open(this.observation)
    await before.process?.[Symbol.asyncDispose]()
    this.check(destinations)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.observation.process?.[Symbol.asyncDispose]()
  }

  #bind(destination: string): BindContent | undefined {
    return this.#binds.get(destination)
  }
}

async function observe({engine}: Pick<EngineWork, 'engine'>, {container}: MountContentsOptions): Promise<Observation> {
  const now = (await engine.container(container.Id)) ?? container
  const process = await ContainerProcess.find(engine, now)
  const rows = process === undefined ? [] : parseMountInfo(await readFile('/proc/self/mountinfo', 'latin1'))
  const declared = new Set<number>()
  if (process !== undefined)
    for (const {Destination: destination} of mountPoints(now)) {
      const mount = await process.mountAt(destination)
      await mount?.found?.file.close()
      if (mount !== undefined) declared.add(mount.row.id)
    }
  return {state: now.State, process, rows, declared}
}

/** How a bind is read. */
type Opened =
  | {readonly origin: 'source' | 'replacement' | 'unknown'; readonly path: string; readonly reader: HelperContainer}
  | {readonly origin: 'moved'; readonly path: string; readonly reader: HelperContainer}
  | {readonly origin: 'container'; readonly process: ContainerProcess; readonly reader: OwnContent}

/** The content of a bind, wherever it is read from. */
class BindContent implements MountReader, AsyncDisposable {
  #opened: Opened | undefined

  constructor(
    private readonly work: Pick<EngineWork, 'engine' | 'signal'>,
    private readonly mount: MountPoint,
    private readonly access: MountAccess,
  ) {}

  get origin(): ContentOrigin {
    return this.#current.origin
  }

  get source(): string {
    return this.mount.Source
  }

  get lacksCapabilities(): boolean {
    const {reader} = this.#current
    return reader instanceof OwnContent && reader.hasExecutables
  }

  stat(path: string): Promise<PathStat | undefined> {
    return this.#current.reader.stat(path)
  }

  header(path: string): Promise<TarHeader | undefined> {
    return this.#current.reader.header(path)
  }

  readLink(path: string): Promise<string | undefined> {
    return this.#current.reader.readLink(path)
  }

  archive(path: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
    return this.#current.reader.archive(path, signal)
  }

  /** Finds where the container's content comes from, and opens it there if it is not open already. */
  async open(observation: Observation): Promise<void> {
    const before = this.#opened
    this.#opened = await this.#find(observation, before)
    if (before?.reader !== this.#opened.reader) await before?.reader[Symbol.asyncDispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened?.reader[Symbol.asyncDispose]()
  }

  get #current(): Opened {
    if (this.#opened === undefined) throw new Error(`${this.mount.Destination} is not open`)
    return this.#opened
  }

  async #find(observation: Observation, before: Opened | undefined): Promise<Opened> {
    const {Source: source} = this.mount
    // A container that is not running resolves its paths again when it is started.
    if (!observation.state.Running) return this.#openPath('source', source, before)
    const found = await observation.process?.mountAt(this.mount.Destination)
    try {
      const identity = found?.found && identityOf(await found.found.file.stat({bigint: true}))
      const own: OwnMount | undefined = found && {
        ...found.row,
        identity,
        inner: mountsBelow(observation.process?.mounts ?? [], found.row.point, observation.declared),
      }
      const now = await this.#sourceNow(source, observation)
      const startedAt = Date.parse(observation.state.StartedAt ?? '')
      const verdict = judgeSource({own, source: now, startedAt})
      if (verdict === 'same') return await this.#openPath('source', source, before)
      if (own === undefined) return await this.#openByAge(verdict === 'replaced', before)
      if (verdict === 'unknown' && identity === undefined) return await this.#openPath('unknown', source, before)
      return (
        (await this.#openMoved(own, observation, before)) ??
        (found?.found &&
          observation.process &&
          (await this.#openContainers(found.row, observation, observation.process))) ??
        (await this.#openPath('replacement', source, before))
      )
    } finally {
      await found?.found?.file.close()
    }
  }

  /** For a container whose mounts keg cannot see: only the age of the source is a clue, if the engine has the same source. */
  async #openByAge(isYounger: boolean, before: Opened | undefined): Promise<Opened> {
    const {Source: source} = this.mount
    const opened = await this.#openPath('unknown', source, before)
    return isYounger && (await isSamePathIn(opened.reader, source)) ? {...opened, origin: 'replacement'} : opened
  }

  async #openPath<Origin extends 'source' | 'moved' | 'replacement' | 'unknown'>(
    origin: Origin,
    path: string,
    before: Opened | undefined,
  ): Promise<{readonly origin: Origin; readonly path: string; readonly reader: HelperContainer}> {
    if (before !== undefined && before.origin !== 'container' && before.path === path)
      return {origin, path, reader: before.reader}
    return {origin, path, reader: await this.access.read(path)}
  }

  /** The same content at another path of the machine, if there is one. */
  async #openMoved(own: OwnMount, observation: Observation, before: Opened | undefined): Promise<Opened | undefined> {
    if (own.isDeleted) return undefined
    const asBytes = pathOf(observation.rows, own)
    if (asBytes === undefined) return undefined
    const path = bytesToText(asBytes)
    if (textToBytes(path) !== asBytes) return undefined
    const now = await this.#sourceNow(path, observation)
    if (judgeSource({own, source: now, startedAt: NaN}) !== 'same') return undefined
    try {
      const opened = await this.#openPath('moved', path, before)
      if (await isSamePathIn(opened.reader, path)) return opened
      if (opened.reader !== before?.reader) await opened.reader[Symbol.asyncDispose]()
    } catch (error) {
      // The engine does not see this path.
      if (!(error instanceof EngineError)) throw error
    }
    return undefined
  }

  /** What the container has, read by keg itself; undefined if keg has no permission. */
  async #openContainers(
    row: MountRow,
    observation: Observation,
    process: ContainerProcess,
  ): Promise<Opened | undefined> {
    const again = await process.mountAt(this.mount.Destination)
    if (again?.found === undefined) return undefined
    const reader = new OwnContent(again.found.file, process, innerMounts(process.mounts, row, observation.declared))
    try {
      // Without root, keg may not be allowed to read some of it.
      if (globalThis.process.geteuid?.() !== 0) await reader.probe(this.work.signal)
      return {origin: 'container', process, reader}
    } catch (error) {
      await reader[Symbol.asyncDispose]()
      if (!['EACCES', 'EPERM'].includes(String(property(error, 'code')))) throw error
      return undefined
    }
  }

  async #sourceNow(source: string, observation: Observation): Promise<SourceNow> {
    try {
      const stats = await stat(source, {bigint: true})
      const path = textToBytes(await realpath(source))
      return {
        kind: 'there',
        identity: identityOf(stats),
        location: locationOf(observation.rows, path),
        inner: this.access.isRecursive ? mountsBelow(observation.rows, path) : [],
        createdAt: Number(stats.birthtimeMs),
      }
    } catch (error) {
      const isGone = ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(String(property(error, 'code')))
      return {kind: isGone ? 'gone' : 'unseen'}
    }
  }
}

/** Whether a helper container's mount is what keg sees at a path: there may be two machines, or two views of one. */
async function isSamePathIn(reader: HelperContainer, path: string): Promise<boolean> {
  const [engines, own] = await Promise.all([
    reader.stat(MOUNT_PLACE),
    stat(path, {bigint: true}).catch(() => undefined),
  ])
  if (engines === undefined || own === undefined) return false
  const isFolder = own.isDirectory()
  if (isFolder !== ((engines.mode & GO_MODE.directory) !== 0) || (engines.mode & 0o777) !== Number(own.mode & 0o777n))
    return false
  // Programs may be changing the folder.
  if (isFolder) return true
  return BigInt(engines.size) === own.size && Date.parse(engines.mtime ?? '') === Number(own.mtimeNs / 1_000_000n)
}

function replaced(destination: string, source: string, container: ContainerDetails): RefusedError {
  const name = shownName(container)
  const path = printable(destination)
  return new RefusedError(
    `The source of the bind mount ${path} was replaced since ${name} was started: the container still has the old one, which keg cannot read. The package would get the new one, at ${printable(source)}.`,
    {
      code: 'mount-replaced',
      hint: `Restart ${name}, run keg as root on the engine's machine, exclude the mount with --exclude-mount ${path}, or package the new content with --accept-replaced.`,
      data: {mount: destination, source},
    },
  )
}
