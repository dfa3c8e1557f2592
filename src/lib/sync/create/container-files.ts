import {posix} from 'node:path'
import type {Engine} from '../../engine/engine.js'
import {EngineError} from '../../engine/engine-error.js'
import {GO_MODE, type ContainerDetails, type PathStat} from '../../engine/types.js'
import {readTar, type TarEntry} from '../../tar/read-tar.js'
import type {TarHeader} from '../../tar/tar-header.js'
import {noFolder} from './remote-path.js'

/** What a path of a container leads to. */
export interface ContainerPath {
  /** Without a symlink at its end. */
  readonly path: string
  /** Undefined where nothing is there. */
  readonly stat: PathStat | undefined
}

/** Single files of a container, read through the engine: nothing is needed or started inside. */
export class ContainerFiles {
  constructor(
    private readonly engine: Engine,
    private readonly container: ContainerDetails,
    private readonly signal: AbortSignal,
  ) {}

  /** Follows the symlink that a path may be. */
  async follow(path: string): Promise<ContainerPath> {
    let current = posix.normalize(path)
    for (let links = 0; ; links++) {
      const stat = await this.#stat(current)
      if (stat === undefined || !isSymlink(stat) || links > MOST_LINKS) return {path: current, stat}
      // The engine says where a link leads in the end, as an absolute path inside the container.
      current = posix.normalize(stat.linkTarget)
    }
  }

  /** The last folder on the way to a path that is there. @throws UsageError `remote-invalid` where that is none */
  async nearestFolder(path: string): Promise<string> {
    for (let folder = posix.dirname(path); folder !== '/'; folder = posix.dirname(folder)) {
      const {path: real, stat} = await this.follow(folder)
      if (stat === undefined) continue
      if ((stat.mode & GO_MODE.directory) === 0) throw noFolder(real, this.container)
      return folder
    }
    return '/'
  }

  /** Whether a folder has nothing in it. */
  async isEmpty(folder: string): Promise<boolean> {
    let entries = 0
    // The first is the folder itself.
    for await (const {header} of this.#entries(folder)) if (header.type !== 'directory' || ++entries > 1) return false
    return true
  }

  /** The tar header of a path, with the owners that the engine gives it; undefined when it is not there. */
  async header(path: string): Promise<TarHeader | undefined> {
    for await (const {header} of this.#entries(path)) return header
    return undefined
  }

  /** A text file; undefined when it is not there, or too large for one. */
  async text(path: string): Promise<string | undefined> {
    for await (const {content, header} of this.#entries(path)) {
      if (header.type === 'symlink') {
        const {path: real, stat} = await this.follow(path)
        return stat === undefined || isSymlink(stat) ? undefined : this.text(real)
      }
      if (header.type !== 'file' || header.size > LARGEST_TEXT) return undefined
      const chunks: Buffer[] = []
      for await (const chunk of content) chunks.push(chunk)
      return Buffer.concat(chunks).toString('utf8')
    }
    return undefined
  }

  async *#entries(path: string): AsyncGenerator<TarEntry> {
    try {
      yield* readTar(await this.engine.archive(this.container.Id, path, this.signal))
    } catch (error) {
      if (!isAbsence(error)) throw error
    }
  }

  async #stat(path: string): Promise<PathStat | undefined> {
    try {
      return await this.engine.pathStat(this.container.Id, path)
    } catch (error) {
      // To this question an engine gives no reason (HEAD); to that for the file it does.
      if (error instanceof EngineError && (await this.header(path)) === undefined) return undefined
      throw error
    }
  }
}

function isSymlink(stat: PathStat): boolean {
  return (stat.mode & GO_MODE.symlink) !== 0
}

/** Below a file nothing is there either: engines say so by an error of its own. */
function isAbsence(error: unknown): boolean {
  return error instanceof EngineError && (error.status === 404 || /not a directory/i.test(error.said))
}

/** As Linux has it (MAXSYMLINKS). */
const MOST_LINKS = 40
const LARGEST_TEXT = 4_000_000
