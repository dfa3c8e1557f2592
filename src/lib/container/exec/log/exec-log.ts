import {appendFile, rename, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {StringDecoder} from 'node:string_decoder'
import {setTimeout as sleep} from 'node:timers/promises'
import {stateUnwritable} from '../../../process/state-folder.js'
import {rememberContainer, type ContainerState, type ContainerStateWork} from '../../container-state.js'
import type {OutputPart} from '../../../engine/multiplexed.js'
import type {ContainerDetails} from '../../../engine/types.js'
import type {Work} from '../../../work/work.js'
import {property} from '../../../json/json.js'
import {entryTime, LOG_FILES, type ExecLogEntry} from './exec-log-entry.js'

/** What keeping a log needs. */
export type ExecLogWork = ContainerStateWork & Pick<Work, 'notice'>

/** What runs, and where. */
export interface ExecLogOptions {
  readonly container: Pick<ContainerDetails, 'Id' | 'Name'>
  /** The command in one line. */
  readonly title: string
  /** Whether it has a terminal, whose lines end in carriage return and newline. */
  readonly tty: boolean
  /** Further state of the container to store. */
  readonly state?: Pick<ContainerState, 'detached'>
  /** The maximum size of each of the two files. */
  readonly maxFileBytes?: number
}

const MAX_FILE_BYTES = 512 * 1024
/** A longer line is split into several entries, as in docker's logs. */
const MAX_LINE_LENGTH = 16 * 1024
/** How long the end of a program waits for a slow disk. */
const CLOSE_MILLISECONDS = 1000

/**
 * The log of what keg runs in a container by exec and follows, because engines keep none: 1 MB, rotated over two files.
 * Writing it never delays the shown output: if it cannot be written, there is one warning and no log.
 */
export class ExecLog implements AsyncDisposable {
  readonly #maxFileBytes: number
  readonly #lines: Readonly<Record<OutputPart['channel'], OpenLine>> = {stdout: new OpenLine(), stderr: new OpenLine()}
  #pending: string[] = []
  #pendingLength = 0
  #folder: string | undefined
  #writing: Promise<void> | undefined
  #isBroken = false

  private constructor(
    private readonly work: ExecLogWork,
    private readonly options: ExecLogOptions,
  ) {
    this.#maxFileBytes = options.maxFileBytes ?? MAX_FILE_BYTES
  }

  /** Starts with an entry for the command. The caller closes it, preferably by `await using`. */
  static start(work: ExecLogWork, options: ExecLogOptions): ExecLog {
    const log = new ExecLog(work, options)
    log.#add('command', [`${options.title}\n`])
    return log
  }

  /** Adds output of the program. */
  write({bytes, channel}: OutputPart): void {
    if (!this.#isBroken) this.#add(channel, this.#lines[channel].append(bytes))
  }

  /** Writes the rest, unless that takes too long. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const channel of ['stdout', 'stderr'] as const) this.#add(channel, this.#lines[channel].end())
    const timer = new AbortController()
    const timeout = sleep(CLOSE_MILLISECONDS, undefined, {signal: timer.signal}).catch(() => undefined)
    await Promise.race([this.#writing, timeout])
    timer.abort()
  }

  #add(stream: ExecLogEntry['stream'], lines: readonly string[]): void {
    if (lines.length === 0 || this.#isBroken) return
    const time = entryTime(new Date())
    for (const line of lines) {
      const log = this.options.tty ? line.replace(/\r+\n$/, '\n') : line
      const text = `${JSON.stringify({time, stream, log} satisfies ExecLogEntry)}\n`
      this.#pending.push(text)
      this.#pendingLength += text.length
    }
    // More than fits into the log would be rotated out at once.
    while (this.#pendingLength > 2 * this.#maxFileBytes) this.#pendingLength -= this.#pending.shift()?.length ?? 0
    this.#writing ??= this.#writeAll()
  }

  async #writeAll(): Promise<void> {
    try {
      this.#folder ??= await rememberContainer(this.work, this.options.container, this.options.state ?? {})
      while (this.#pending.length > 0) await this.#writeSome(this.#folder)
    } catch (error) {
      this.#isBroken = true
      this.#pending = []
      // The container and its log were removed in the meantime.
      const isGone = this.#folder !== undefined && property(error, 'code') === 'ENOENT'
      const {message} = this.#folder === undefined ? asError(error) : stateUnwritable(this.#folder, error)
      if (!isGone) this.work.notice(`Warning: cannot write this output to the log of the container. ${message}`)
    } finally {
      this.#writing = undefined
    }
  }

  async #writeSome(folder: string): Promise<void> {
    const current = join(folder, LOG_FILES.current)
    const size = (await stat(current).catch(() => undefined))?.size ?? 0
    if (size >= this.#maxFileBytes) await rename(current, join(folder, LOG_FILES.former))
    const space = this.#maxFileBytes - (size >= this.#maxFileBytes ? 0 : size)
    let text = ''
    // Whole lines, at least one: others may write into the same file.
    while (this.#pending.length > 0 && (text === '' || text.length < space)) text += this.#pending.shift() ?? ''
    this.#pendingLength -= text.length
    await appendFile(current, text, {mode: 0o600})
  }
}

/** An incomplete line. */
class OpenLine {
  readonly #decoder = new StringDecoder('utf8')
  #text = ''

  /** @returns the complete lines */
  append(bytes: Buffer): string[] {
    const pieces = (this.#text + this.#decoder.write(bytes)).split('\n')
    const last = pieces.pop() ?? ''
    const lines = pieces.map((piece) => `${piece}\n`)
    const whole = last.length - (last.length % MAX_LINE_LENGTH)
    for (let at = 0; at < whole; at += MAX_LINE_LENGTH) lines.push(last.slice(at, at + MAX_LINE_LENGTH))
    this.#text = last.slice(whole)
    return lines
  }

  /** @returns the rest, as a line: further output is another program's */
  end(): string[] {
    const rest = this.#text + this.#decoder.end()
    this.#text = ''
    return rest === '' ? [] : [`${rest}\n`]
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
