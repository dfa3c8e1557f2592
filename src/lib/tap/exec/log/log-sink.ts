import type {ExecStreams} from '../../../container/exec/exec-streams.js'
import {OutputSink} from '../../../container/exec/output-sink.js'
import {printable} from '../../../terminal/text.js'
import type {LogMessage} from './log-message.js'

export interface LogSinkOptions {
  /** Whether the container has a terminal. */
  readonly tty: boolean
  /** Whether to put its time before each message. */
  readonly timestamps: boolean
}

/** Shows a log: standard output and standard error go to the same streams here, command lines to standard error. */
export class LogSink {
  readonly #stdout: OutputSink
  readonly #stderr: OutputSink
  readonly #timestamps: boolean
  /** Whether the last line is unfinished, so that keg's own line would be appended to it. */
  #isOpen = false

  constructor({stderr, stdout}: Pick<ExecStreams, 'stderr' | 'stdout'>, {timestamps, tty}: LogSinkOptions) {
    const kind = {tty, isInteractive: false}
    this.#stdout = new OutputSink(stdout, kind)
    this.#stderr = new OutputSink(stderr, kind)
    this.#timestamps = timestamps
  }

  /** @returns once it can take more */
  async write({bytes, channel, time}: LogMessage): Promise<void> {
    const stamp = this.#timestamps && time !== '' ? `${time} ` : ''
    if (channel === 'command') {
      const end = this.#isOpen ? '\n' : ''
      const when = this.#timestamps ? '' : `${time.slice(0, 19)}Z `
      this.#isOpen = false
      // A command is shown in one line.
      const what = printable(bytes.toString().trimEnd())
      return this.#stderr.write(Buffer.from(`${end}${stamp}==> ${when}${what}\n`))
    }
    this.#isOpen = !bytes.subarray(-1).equals(NEWLINE)
    const sink = channel === 'stdout' ? this.#stdout : this.#stderr
    return sink.write(stamp === '' ? bytes : Buffer.concat([Buffer.from(stamp), bytes]))
  }

  /** @returns once everything has been passed on */
  async close(): Promise<void> {
    await Promise.all([this.#stdout.close(), this.#stderr.close()])
  }
}

const NEWLINE = Buffer.from('\n')
