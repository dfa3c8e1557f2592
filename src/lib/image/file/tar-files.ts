import {createHash} from 'node:crypto'
import type {FileHandle} from 'node:fs/promises'
import {posix} from 'node:path'
import {buffer} from 'node:stream/consumers'
import type {FailedError, RefusedError} from '../../error/keg-error.js'
import {parseJson} from '../../json/json.js'
import {digesting, tee} from '../../tar/bytes.js'
import {readTar, TarError} from '../../tar/read-tar.js'
import {MAX_DOCUMENT_BYTES} from '../archive/read-archive.js'
import {fileDamaged, fileInvalid, fileUnreadable} from './file-error.js'

/** A file in a tar. */
export interface TarFile {
  readonly path: string
  /** Of its first byte in the tar. */
  readonly offset: number
  readonly size: number
  /** `sha256:...` of its content. */
  readonly digest: string
}

/** A JSON file in a tar. */
export interface Document {
  readonly content: Buffer
  readonly value: unknown
}

/** Options for reading a tar. */
export interface TarFilesOptions {
  /** For messages. */
  readonly path: string
  /** Read at any position; whoever opened it closes it. */
  readonly handle: Pick<FileHandle, 'read'>
  readonly signal: AbortSignal
  /** Called with the number of bytes read so far. */
  readonly onBytes?: (bytes: number) => void
}

/** More files than any image has layers. */
const MAX_FILES = 10_000

const MAX_LINKS = 10

const CHUNK = 1024 * 1024

/** `blobs/sha256/...` of an OCI image layout (OCI image-spec, image-layout.md, "Blobs"). */
const BLOB = /^blobs\/sha256\/([0-9a-f]{64})$/

/** The files in a tar on disk: it was read once, and each was hashed. Contents are read again when they are needed. */
export class TarFiles {
  private readonly files = new Map<string, TarFile>()
  private readonly links = new Map<string, string>()

  private constructor(private readonly options: TarFilesOptions) {}

  /**
   * @throws FailedError `file-invalid` if it is not a tar, or not a complete one; RefusedError `file-damaged` if a blob is not what
   * its name says; FailedError `file-unreadable`
   */
  static async of(options: TarFilesOptions): Promise<TarFiles> {
    const found = new TarFiles(options)
    try {
      await found.#list()
    } catch (error) {
      if (error instanceof TarError) throw fileInvalid(options.path, error.why)
      throw error
    }
    return found
  }

  /** The file at a path, with links followed; undefined if there is none. */
  file(path: string): TarFile | undefined {
    let target = path
    for (let link = 0; link < MAX_LINKS; link++) {
      const file = this.files.get(target)
      if (file !== undefined) return file
      target = this.links.get(target) ?? ''
    }
    return undefined
  }

  /** A JSON file; undefined if there is none. @throws FailedError `file-invalid` if it is too large, or not JSON */
  async document(path: string): Promise<Document | undefined> {
    const file = this.file(path)
    if (file === undefined) return undefined
    if (file.size > MAX_DOCUMENT_BYTES) throw this.invalid(`its ${path} has ${file.size} bytes, more than any real one`)
    const content = await buffer(this.read(file))
    const value = parseJson(content.toString('utf8'))
    if (typeof value !== 'object' || value === null) throw this.invalid(`its ${path} is not JSON`)
    return {content, value}
  }

  /**
   * The content of a file, from its beginning with each call.
   * @throws RefusedError `file-damaged` if it has changed since the tar was read
   */
  async *read({digest, offset, path, size}: TarFile): AsyncGenerator<Buffer> {
    const content = digesting(this.#bytes(offset, offset + size))
    yield* content.chunks
    if (content.digest() !== digest) throw fileDamaged(this.options.path, `${path} changed while it was read`)
  }

  /** The error for what is wrong with it. */
  invalid(why: string): FailedError {
    return fileInvalid(this.options.path, why)
  }

  /** The error for what is not as its digests say. */
  damaged(what: string): RefusedError {
    return fileDamaged(this.options.path, what)
  }

  async #list(): Promise<void> {
    let done = 0
    const counted = tee(this.#bytes(0, Infinity), ({length}) => this.options.onBytes?.((done += length)))
    for await (const {content, header, offset} of readTar(counted)) {
      const {link, path, size, type} = header
      if (this.files.size + this.links.size >= MAX_FILES) throw this.invalid(`it has more than ${MAX_FILES} files`)
      if (type === 'symlink') this.links.set(path, posix.join(posix.dirname(path), link))
      if (type === 'hardlink') this.links.set(path, link)
      if (type !== 'file') continue
      if (this.files.has(path)) throw this.invalid(`it has two files ${path}`)
      const hash = createHash('sha256')
      for await (const chunk of content) hash.update(chunk)
      const digest = `sha256:${hash.digest('hex')}`
      const named = BLOB.exec(path)?.[1]
      if (named !== undefined && digest !== `sha256:${named}`)
        throw this.damaged(`the blob sha256:${named} has other content`)
      this.files.set(path, {path, offset, size, digest})
    }
  }

  /** @param end stops at the end of the file at the latest */
  async *#bytes(start: number, end: number): AsyncGenerator<Buffer> {
    const {handle, path, signal} = this.options
    for (let position = start; position < end;) {
      signal.throwIfAborted()
      const length = Math.min(CHUNK, end - position)
      const {buffer: chunk, bytesRead} = await handle
        .read(Buffer.allocUnsafe(length), 0, length, position)
        .catch((error: unknown) => {
          throw fileUnreadable(path, error)
        })
      if (bytesRead === 0) return
      position += bytesRead
      yield chunk.subarray(0, bytesRead)
    }
  }
}
