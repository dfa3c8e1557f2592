import {randomUUID} from 'node:crypto'
import {link, open, rename, rm, unlink, type FileHandle} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {basename, dirname, join} from 'node:path'
import {Readable, type Writable} from 'node:stream'
import {pipeline} from 'node:stream/promises'
import {FailedError, RefusedError} from '../../error/keg-error.js'
import {property} from '../../json/json.js'
import {printable} from '../../terminal/text.js'
import {gather} from '../spool.js'
import type {OpenFile} from './open-image-file.js'

/** Where a file is written. */
export type OutputTarget =
  | {
      readonly kind: 'file'
      /** As the user typed it. */
      readonly path: string
      /** Absolute. */
      readonly place: string
      /** Whether the user agreed that the file which is there is replaced. */
      readonly replaces: boolean
    }
  | {readonly kind: 'stream'; readonly stream: Writable}

const CHUNK = 1024 * 1024

/**
 * A file under a temporary name, beside the place where it will be; for a stream, without a name. It can be read before it is
 * published. Without that, nothing of it is left once it is disposed of.
 */
export class OutputFile implements AsyncDisposable {
  #size = 0

  private constructor(
    private readonly target: OutputTarget,
    private readonly handle: FileHandle,
    /** Its temporary name; undefined if it has none any more. */
    private temporary: string | undefined,
  ) {}

  /** @throws FailedError `output-failed` */
  static async create(target: OutputTarget): Promise<OutputFile> {
    const folder = target.kind === 'file' ? dirname(target.place) : tmpdir()
    const name = target.kind === 'file' ? basename(target.place) : 'output'
    const temporary = join(folder, `.${name.slice(0, MAX_NAME_LENGTH)}.keg-${randomUUID()}`)
    try {
      const handle = await open(temporary, 'wx+', 0o600)
      if (target.kind === 'file') return new OutputFile(target, handle, temporary)
      await unlink(temporary)
      return new OutputFile(target, handle, undefined)
    } catch (error) {
      throw outputFailed(target, error)
    }
  }

  /** For reading what has been written. */
  get open(): OpenFile {
    return {path: shownTarget(this.target), handle: this.handle, size: this.#size}
  }

  /** Appends a stream. @throws FailedError `output-failed`, and what the stream throws */
  async write(content: AsyncIterable<Buffer>, onBytes: (bytes: number) => void): Promise<void> {
    for await (const chunk of gather(content, CHUNK)) {
      try {
        for (let done = 0; done < chunk.length;) {
          const {bytesWritten} = await this.handle.write(chunk, done, chunk.length - done, this.#size + done)
          done += bytesWritten
        }
      } catch (error) {
        throw outputFailed(this.target, error)
      }
      this.#size += chunk.length
      onBytes(this.#size)
    }
  }

  /**
   * Gives the file its name, or copies it to the stream.
   * @throws RefusedError `output-exists` if there is a file by now; FailedError `output-failed`
   */
  async publish(signal: AbortSignal): Promise<void> {
    const {target} = this
    try {
      if (target.kind === 'stream') {
        await pipeline(Readable.from(this.#read(), {objectMode: false}), target.stream, {signal, end: false})
        return
      }
      await this.handle.sync()
      signal.throwIfAborted()
      await this.#name(target)
    } catch (error) {
      if (signal.aborted || error instanceof RefusedError) throw error
      throw outputFailed(target, error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.handle.close()
    if (this.temporary !== undefined) await rm(this.temporary, {force: true})
  }

  async #name({path, place, replaces}: Extract<OutputTarget, {kind: 'file'}>): Promise<void> {
    const {temporary} = this
    if (temporary === undefined) return
    if (!replaces) {
      const code: unknown = await link(temporary, place).then(
        () => undefined,
        (error: unknown) => property(error, 'code'),
      )
      if (code === undefined) return
      if (code === 'EEXIST') throw outputExists(path)
      // This file system has no hard links.
    }
    await rename(temporary, place)
    this.temporary = undefined
  }

  async *#read(): AsyncGenerator<Buffer> {
    for (let position = 0; position < this.#size;) {
      const {buffer, bytesRead} = await this.handle.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, position)
      if (bytesRead === 0) throw new Error('the temporary file became shorter')
      position += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }
}

/** So that the temporary name is not longer than file systems allow. */
const MAX_NAME_LENGTH = 50

/** The error for a file that is there already, and that nobody agreed to replace. */
export function outputExists(path: string): RefusedError {
  return new RefusedError(`${printable(path)} exists already.`, {
    code: 'output-exists',
    hint: 'Give another name with --output, or replace it with --yes.',
  })
}

/** A target for a sentence. */
export function shownTarget(target: OutputTarget): string {
  return target.kind === 'file' ? target.path : 'standard output'
}

function outputFailed(target: OutputTarget, cause: unknown): FailedError {
  const code = property(cause, 'code')
  const folder = target.kind === 'file' ? dirname(target.place) : tmpdir()
  const name = printable(shownTarget(target))
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new FailedError(`No space left in ${printable(folder)} to write ${name}. Nothing of it is left.`, {
      code: 'output-failed',
      hint:
        target.kind === 'file'
          ? 'Free some space there, or write it to another folder.'
          : 'Free some space there, or set TMPDIR to another folder.',
      cause,
    })
  const why = typeof code === 'string' ? ` (${code})` : ''
  return new FailedError(`${name} cannot be written${why}. Nothing of it is left.`, {
    code: 'output-failed',
    hint:
      target.kind === 'file'
        ? 'Check that its folder exists and that you may write to it.'
        : 'Check the command that reads it.',
    cause,
  })
}
