import {open} from 'node:fs/promises'
import {join} from 'node:path'
import {containerStateFolder} from '../../container-state.js'
import {LOG_FILES, readEntry, type ExecLogEntry} from './exec-log-entry.js'

/** A half of the log, and how much of it was read. */
interface ReadHalf {
  /** Distinguishes it from earlier files of that name. */
  readonly identity: string
  readonly bytes: number
}

/** Reads the log of what ran in a container by exec, from the beginning, and then as it grows. */
export class ExecLogReader {
  readonly #folder: string
  #current: ReadHalf | undefined
  #former: ReadHalf | undefined

  /** @param container all 64 digits of its id */
  constructor(container: string, environment: NodeJS.ProcessEnv) {
    this.#folder = containerStateFolder(container, environment)
  }

  /** The entries since the last call, oldest first. A missing or unreadable log is empty. */
  async next(): Promise<ExecLogEntry[]> {
    // The newer half first: it may become the older one in the meantime.
    const current = await this.#newLines(LOG_FILES.current, [this.#current])
    const former = await this.#newLines(LOG_FILES.former, [current?.read, this.#current, this.#former])
    this.#current = current?.read ?? this.#current
    this.#former = former?.read ?? this.#former
    const lines = [...(former?.lines ?? []), ...(current?.lines ?? [])]
    const entries = lines.flatMap((line) => readEntry(line) ?? [])
    return entries.toSorted((one, other) => (one.time < other.time ? -1 : one.time > other.time ? 1 : 0))
  }

  /** @param known the files read before that it may be */
  async #newLines(
    name: string,
    known: readonly (ReadHalf | undefined)[],
  ): Promise<{readonly read: ReadHalf; readonly lines: readonly string[]} | undefined> {
    try {
      await using file = await open(join(this.#folder, name), 'r')
      const {birthtimeMs, ino, size} = await file.stat()
      // A new file can reuse the inode of a deleted one.
      const identity = `${ino} ${birthtimeMs}`
      const before = known.find((half) => half?.identity === identity)?.bytes ?? 0
      const from = before > size ? 0 : before
      const buffer = Buffer.alloc(size - from)
      const {bytesRead} = await file.read(buffer, 0, buffer.length, from)
      // The last line may be incomplete.
      const whole = buffer.subarray(0, bytesRead).lastIndexOf('\n') + 1
      const lines = buffer.subarray(0, whole).toString('utf8').split('\n').slice(0, -1)
      return {read: {identity, bytes: from + whole}, lines}
    } catch {
      return undefined
    }
  }
}
