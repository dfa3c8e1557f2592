import type {Engine} from '../../engine/engine.js'
import {storeTraits} from '../../image/store/store-traits.js'
import {shortPath} from '../../tar/shown-path.js'
import type {TarHeader} from '../../tar/tar-header.js'
import {MAX_PATH_LENGTH, pathTooLong} from '../capture/path-too-long.js'
import {MOUNT_PLACE} from './mount-place.js'

/** Linux's limit for names (NAME_MAX). */
const MAX_NAME_LENGTH = 255

/** Where engines keep their files by default. */
const DEFAULT_ROOT = '/var/lib/docker'

type Facts = Pick<Engine, 'facts' | 'imageStore'>

/** Finds paths that engines cannot keep, and folders in which they may have left out what they could not read. */
export class PathLengths {
  #deepest = ''

  readonly #maxLength: number

  constructor(engine: Facts) {
    const root = engine.facts.info.DockerRootDir ?? DEFAULT_ROOT
    this.#maxLength = MAX_PATH_LENGTH - Buffer.byteLength(root + storeTraits(engine).layerFolder)
  }

  /**
   * Checks a path of the package, a byte string without a leading slash.
   * @throws FailedError `path-too-long` if this engine could not unpack a layer with it
   */
  take(path: string): void {
    if (path.length > this.#maxLength) throw pathTooLong(path)
  }

  /** Checks a file of a mount that is at `root`; both paths are byte strings without a leading slash. */
  takeOfMount({path, type}: Pick<TarHeader, 'path' | 'type'>, root: string): void {
    this.take(path)
    // The engine reads a mount at a different path than the container, and a container can go deeper than any path can express.
    const longestBelow = MOUNT_PLACE.length + path.length - root.length + 1 + MAX_NAME_LENGTH
    if (type === 'directory' && longestBelow > MAX_PATH_LENGTH && path.length > this.#deepest.length)
      this.#deepest = path
  }

  /** What the user should know, as sentences. */
  get warnings(): string[] {
    if (this.#deepest === '') return []
    const length = this.#deepest.length.toLocaleString('en-US')
    return [
      `The path of the folder ${shortPath(this.#deepest)} is so long (${length} bytes) that names in it may be too long for the engine to read: files of such names are not in the package.`,
    ]
  }
}
