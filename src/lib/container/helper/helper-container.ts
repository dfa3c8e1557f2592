import {randomBytes} from 'node:crypto'
import type {Engine} from '../../engine/engine.js'
import {EngineError} from '../../engine/engine-error.js'
import {GO_MODE, type PathStat} from '../../engine/types.js'
import {FailedError} from '../../error/keg-error.js'
import {helperLabels} from '../../label/temporary-labels.js'
import {blankedLabels} from '../blanked-labels.js'
import {readTar} from '../../tar/read-tar.js'
import {bytesToText, type TarHeader} from '../../tar/tar-header.js'
import {printable} from '../../terminal/text.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** How to create a helper container. */
export interface HelperContainerOptions {
  readonly image: string
  /** Labels of the image, if it is not one of keg's helper images: its container must not seem to be the user's. */
  readonly imageLabels?: Readonly<Record<string, string>>
  /** Mounts in the form of the API's HostConfig.Mounts. */
  readonly mounts?: readonly object[]
}

/**
 * A name for one of keg's own containers, so that `docker ps -a` shows whose it is.
 * @param purpose what follows `keg-helper-`; by default something unique
 */
export function helperName(purpose = randomBytes(6).toString('hex')): string {
  return `keg-helper-${purpose}`
}

/** The body of `POST /containers/create` for a container that is never started. */
export function neverStarted(options: {
  image: string
  labels: Readonly<Record<string, string>>
  mounts?: readonly object[]
}): object {
  return {
    Image: options.image,
    // Engines refuse a container without a command.
    Entrypoint: [],
    Cmd: ['keg'],
    // Engines create a missing one at once.
    WorkingDir: '/',
    Labels: options.labels,
    NetworkDisabled: true,
    HostConfig: {Mounts: options.mounts ?? [], NetworkMode: 'none'},
  }
}

/**
 * A container that is only read, never started. An archive stream holds its container's lock: with a helper, the user's
 * container stays free. Removed when disposed of.
 */
export class HelperContainer implements AsyncDisposable {
  /** What was found at paths; nothing but a mount changes. */
  readonly #stats = new Map<string, Promise<PathStat | undefined>>()
  #removing: Promise<void> | undefined

  private constructor(
    private readonly engine: Engine,
    private readonly id: string,
    private readonly hasMounts: boolean,
  ) {}

  static async create(
    {engine, run}: Pick<EngineWork, 'engine' | 'run'>,
    {image, imageLabels = {}, mounts = []}: HelperContainerOptions,
  ): Promise<HelperContainer> {
    const labels = {...blankedLabels(imageLabels), ...helperLabels(run)}
    const config = neverStarted({image, labels, mounts})
    const {id} = await engine.createContainer(config, helperName())
    return new HelperContainer(engine, id, mounts.length > 0)
  }

  stat(path: string): Promise<PathStat | undefined> {
    const known = this.#stats.get(path)
    if (known !== undefined) return known
    const asking = this.engine.pathStat(this.id, path)
    if (!this.hasMounts) this.#stats.set(path, asking)
    return asking
  }

  /**
   * A path and everything below it, as a tar whose first component is the last name of the path.
   * @param path bytes if it is not UTF-8
   */
  async *archive(path: string | Buffer, signal?: AbortSignal): AsyncGenerator<Buffer> {
    yield* await this.engine.archive(this.id, path, signal)
  }

  /** All files of the container, without its root folder. */
  async *export(signal?: AbortSignal): AsyncGenerator<Buffer> {
    yield* await this.engine.exportContainer(this.id, signal)
  }

  /** The header of one file or folder, without its contents; undefined if it does not exist. */
  async header(path: string): Promise<TarHeader | undefined> {
    if ((await this.stat(path)) === undefined) return undefined
    for await (const {header} of readTar(this.archive(path))) return header
    return undefined
  }

  /** The target of a symlink as written; undefined if it is missing or no symlink. */
  async readLink(path: string): Promise<string | undefined> {
    const stat = await this.stat(path)
    if (stat === undefined || (stat.mode & GO_MODE.symlink) === 0) return undefined
    // The engine reports where it ends, which other mounts in another container can change.
    for await (const {header} of readTar(this.archive(path))) return bytesToText(header.link)
    return undefined
  }

  [Symbol.asyncDispose](): Promise<void> {
    // With the volumes created for it; named ones stay.
    return (this.#removing ??= this.engine.removeContainer(this.id, {force: true, volumes: true}))
  }
}

/** An error for a mount that cannot be read, from the engine's response. */
export function mountUnreadable(destination: string, cause: unknown): unknown {
  if (!(cause instanceof EngineError) || cause.isFull) return cause
  return new FailedError(`The mount ${printable(destination)} cannot be read: ${cause.response}`, {
    code: 'mount-unreadable',
    hint: `Check that its source still exists, or exclude it with --exclude-mount ${printable(destination)}.`,
    cause,
  })
}
