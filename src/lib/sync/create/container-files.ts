import {posix} from 'node:path'
import type {Engine} from '../../engine/engine.js'
import {EngineError} from '../../engine/engine-error.js'
import {GO_MODE, type ContainerDetails, type PathStat} from '../../engine/types.js'
import {readTar, type TarEntry} from '../../tar/read-tar.js'
import type {TarHeader} from '../../tar/tar-header.js'
import {notAFolder} from './remote-path.js'

/** The target of a path in a container. */
export interface ContainerPath {
  /** Without a symlink at its end. */
  readonly path: string
  /** Undefined if it does not exist. */
  readonly stat: PathStat | undefined
}

/** Reads single files of a container through the engine, without starting or needing anything inside. */
export class ContainerFiles {
  constructor(
    private readonly engine: Engine,
    private readonly container: ContainerDetails,
    private readonly signal: AbortSignal,
  ) {}

  /** Follows the path if it is a symlink. */
  async follow(path: string): Promise<ContainerPath> {
    let current = posix.normalize(path)
    for (let links = 0; ; links++) {
      const stat = await this.#stat(current)
      if (stat === undefined || !isSymlink(stat) || links > MAX_LINKS) return {path: current, stat}
      // The engine reports the final target of a link, as an absolute path inside the container.
      current = posix.normalize(stat.linkTarget)
    }
  }

  /** The real path, as far as it exists. */
  async realPath(path: string): Promise<string> {
    let real = '/'
    for (const name of posix.normalize(path).split('/'))
      if (name !== '') real = (await this.follow(posix.join(real, name))).path
    return real
  }

  /** The nearest existing folder on the way to a path. @throws UsageError `remote-invalid` if it is not a folder */
  async nearestFolder(path: string): Promise<string> {
    for (let folder = posix.dirname(path); folder !== '/'; folder = posix.dirname(folder)) {
      const {path: real, stat} = await this.follow(folder)
      if (stat === undefined) continue
      if ((stat.mode & GO_MODE.directory) === 0) throw notAFolder(real, this.container)
      return folder
    }
    return '/'
  }

  /** Whether a folder is empty. */
  async isEmpty(folder: string): Promise<boolean> {
    let entries = 0
    // The first is the folder itself.
    for await (const {header} of this.#entries(folder)) if (header.type !== 'directory' || ++entries > 1) return false
    return true
  }

  /** The tar header of a path, with the owners that the engine reports; undefined if it does not exist. */
  async header(path: string): Promise<TarHeader | undefined> {
    for await (const {header} of this.#entries(path)) return header
    return undefined
  }

  /** A text file; undefined if it does not exist or is too large. */
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
      // For this request (HEAD) an engine gives no reason; for the file itself it does.
      if (error instanceof EngineError && (await this.header(path)) === undefined) return undefined
      throw error
    }
  }
}

function isSymlink(stat: PathStat): boolean {
  return (stat.mode & GO_MODE.symlink) !== 0
}

/** A path below a file does not exist either: engines report that with a different error. */
function isAbsence(error: unknown): boolean {
  return error instanceof EngineError && (error.status === 404 || /not a directory/i.test(error.response))
}

/** Linux's limit (MAXSYMLINKS). */
const MAX_LINKS = 40
const LARGEST_TEXT = 4_000_000
