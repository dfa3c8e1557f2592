import {Writable, type Readable} from 'node:stream'
import type {Engine} from '../engine/engine.js'
import {LastLines} from './last-lines.js'
import {safeOutput} from './safe-output.js'

/** Where what a container prints is shown; undefined shows nothing of it. */
export interface OutputTargets {
  readonly stdout: NodeJS.WritableStream | undefined
  readonly stderr: NodeJS.WritableStream | undefined
}

/** What a container prints: passed on as it comes, the last lines kept for an error. */
export class ContainerOutput {
  readonly #last = new LastLines()
  readonly #sinks: readonly [Writable, Writable]

  constructor(targets: OutputTargets) {
    this.#sinks = [this.#sink(targets.stdout), this.#sink(targets.stderr)]
  }

  /** Follows a stream of the engine to its end. @returns when everything has been passed on, or the stream broke off. */
  follow(engine: Engine, stream: Readable, tty: boolean): Promise<void> {
    const [stdout, stderr] = this.#sinks
    if (tty) stream.on('data', (chunk: Buffer) => stdout.write(chunk))
    else engine.splitLogs(stream, stdout, stderr)
    return new Promise((resolve) => {
      for (const event of ['end', 'close', 'error']) stream.once(event, () => resolve())
    })
  }

  /** The last lines, raw: make them printable before they are shown. */
  lastLines(): string[] {
    return this.#last.read()
  }

  #sink(target: NodeJS.WritableStream | undefined): Writable {
    const shown = target === undefined ? undefined : cleaned(target)
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.#last.take(chunk)
        shown?.write(chunk)
        done()
      },
    })
  }
}

/** A terminal gets no control sequences of the container's; files and pipes get every byte. */
function cleaned(target: NodeJS.WritableStream): NodeJS.WritableStream {
  if (!('isTTY' in target) || target.isTTY !== true) return target
  const safe = safeOutput()
  safe.pipe(target, {end: false})
  return safe
}
