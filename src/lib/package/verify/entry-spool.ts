import {createHash} from 'node:crypto'
import {createInterface} from 'node:readline'
import {Readable} from 'node:stream'
import {readTar} from '../../tar/read-tar.js'
import type {TarType} from '../../tar/tar-header.js'
import type {Entry} from '../../image/entry-list.js'
import {Spool} from '../../image/spool.js'

/** The entries of a tar in order, with their contents hashed. */
export async function* entriesOf(tar: AsyncIterable<Buffer>): AsyncGenerator<Entry> {
  for await (const {content, header} of readTar(tar)) {
    if (header.type !== 'file') {
      yield {header, sha256: undefined}
      continue
    }
    const hash = createHash('sha256')
    for await (const chunk of content) hash.update(chunk)
    yield {header, sha256: hash.digest('hex')}
  }
}

/** Entries that can be read any number of times. */
export interface EntrySource {
  readonly read: () => AsyncIterable<Entry>
}

/** Entries in a temporary file that can be read any number of times: even a layer of a million files takes no memory. */
export class EntrySpool implements AsyncDisposable, EntrySource {
  #count = 0

  private constructor(private readonly spool: Spool) {}

  /** Writes entries to the file as they come. Removes the file on failure. */
  static async of(entries: AsyncIterable<Entry>): Promise<EntrySpool> {
    const written = new EntrySpool(await Spool.create())
    try {
      await written.spool.writeAll(written.#lines(entries))
      return written
    } catch (error) {
      await written[Symbol.asyncDispose]()
      throw error
    }
  }

  /** How many entries there are. */
  get count(): number {
    return this.#count
  }

  async *read(): AsyncGenerator<Entry> {
    const lines = createInterface({input: Readable.from(this.spool.read(), {objectMode: false}), crlfDelay: Infinity})
    for await (const line of lines) yield parse(line)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.spool[Symbol.asyncDispose]()
  }

  async *#lines(entries: AsyncIterable<Entry>): AsyncGenerator<Buffer> {
    let lines: string[] = []
    for await (const entry of entries) {
      this.#count++
      if (lines.push(format(entry)) < LINES_AT_ONCE) continue
      yield Buffer.from(lines.join(''))
      lines = []
    }
    yield Buffer.from(lines.join(''))
  }
}

const LINES_AT_ONCE = 500

type Line = [
  path: string,
  type: TarType,
  numbers: [mode: number, uid: number, gid: number, size: number, mtime: number, major: number, minor: number],
  link: string,
  xattrs: [name: string, hex: string][],
  sha256: string | null,
]

function format({header, sha256}: Entry): string {
  const {deviceMajor, deviceMinor, gid, link, mode, mtime, path, size, type, uid, xattrs} = header
  const values = [...xattrs].map(([name, value]): [string, string] => [name, value.toString('hex')])
  const numbers: Line[2] = [mode, uid, gid, size, mtime, deviceMajor, deviceMinor]
  const line: Line = [path, type, numbers, link, values, sha256 ?? null]
  return `${JSON.stringify(line)}\n`
}

function parse(text: string): Entry {
  const [path, type, numbers, link, values, sha256] = JSON.parse(text) as Line
  const [mode, uid, gid, size, mtime, deviceMajor, deviceMinor] = numbers
  const xattrs = new Map(values.map(([name, hex]) => [name, Buffer.from(hex, 'hex')]))
  const header = {path, type, mode, uid, gid, size, mtime, link, deviceMajor, deviceMinor, xattrs}
  return {header, sha256: sha256 ?? undefined}
}
