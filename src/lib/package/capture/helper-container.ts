import type {Engine} from '../../engine/engine.js'
import {EngineError} from '../../engine/engine-error.js'
import {GO_MODE, type PathStat} from '../../engine/types.js'
import {FailedError} from '../../error/keg-error.js'
import {helperLabels} from '../../maintenance/temporary-labels.js'
import {readTar} from '../../tar/read-tar.js'
import type {TarHeader} from '../../tar/tar-header.js'
import {printable} from '../../terminal/text.js'

/** What a helper container is made of. */
export interface HelperContainerOptions {
  readonly engine: Engine
  readonly image: string
  /** Id of this run of keg. */
  readonly run: string
  /** Mounts as the API's HostConfig.Mounts has them. */
  readonly mounts?: readonly object[]
}

/** The body of `POST /containers/create` for a container that only has to be there. */
export function neverStarted(options: {
  image: string
  labels: Readonly<Record<string, string>>
  mounts?: readonly object[]
}): object {
  return {
    Image: options.image,
    // An engine takes no container without a command.
    Entrypoint: [],
    Cmd: ['keg'],
    Labels: options.labels,
    NetworkDisabled: true,
    HostConfig: {Mounts: options.mounts ?? [], NetworkMode: 'none'},
  }
}

/**
 * A container that is never started, only read: an archive stream holds the lock of its container, and with one's own the
 * user's answers at once. Removed when disposed of.
 */
export class HelperContainer implements AsyncDisposable {
  private constructor(
    private readonly engine: Engine,
    private readonly id: string,
  ) {}

  static async create({engine, image, mounts = [], run}: HelperContainerOptions): Promise<HelperContainer> {
    const {id} = await engine.createContainer(neverStarted({image, labels: helperLabels(run), mounts}))
    return new HelperContainer(engine, id)
  }

  stat(path: string): Promise<PathStat | undefined> {
    return this.engine.pathStat(this.id, path)
  }

  /** A path and all below it as a tar whose first component is the last of the path. */
  async *archive(path: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
    yield* await this.engine.archive(this.id, path, signal)
  }

  /** The header of one folder or file, without what is below it; undefined when it is not there. */
  async header(path: string): Promise<TarHeader | undefined> {
    if ((await this.stat(path)) === undefined) return undefined
    for await (const {header} of readTar(this.archive(path))) return header
    return undefined
  }

  /** Follows all symlinks in a path, as a program in the container would. */
  async followLinks(path: string): Promise<string> {
    const names = path.split('/').filter((name) => name !== '')
    let resolved = ''
    for (let links = 0; names.length > 0;) {
      const next = `${resolved}/${names.shift() ?? ''}`
      const stat = await this.stat(next)
      if (stat === undefined || (stat.mode & GO_MODE.symlink) === 0) {
        resolved = next
        continue
      }
      if (++links > MOST_LINKS)
        throw new FailedError(`${printable(path)} leads in circles.`, {
          code: 'link-loop',
          hint: 'Mend its symlinks, or leave the mount out with --exclude-mount.',
        })
      // The engine says where a link leads in the end, as an absolute path inside the container.
      names.unshift(...stat.linkTarget.split('/').filter((name) => name !== ''))
      resolved = ''
    }
    return resolved === '' ? '/' : resolved
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.removeContainer(this.id, {force: true})
  }
}

/** As Linux has it (MAXSYMLINKS). */
const MOST_LINKS = 40

/** An error for a mount that cannot be read, from whatever the engine said. */
export function mountUnreadable(destination: string, cause: unknown): unknown {
  if (!(cause instanceof EngineError) || cause.isFull) return cause
  return new FailedError(`The mount ${printable(destination)} cannot be read: ${cause.said}`, {
    code: 'mount-unreadable',
    hint: `Is its source still there? Leave it out with --exclude-mount ${printable(destination)}.`,
    cause,
  })
}
