import {Writable, type Readable} from 'node:stream'
import {outputParts} from '../engine/multiplexed.js'
import {LastLines} from './last-lines.js'
import {safeOutput} from './safe-output.js'

/** Where to show a container's output; undefined shows none. */
export interface OutputTargets {
  readonly stdout: NodeJS.WritableStream | undefined
  readonly stderr: NodeJS.WritableStream | undefined
}

/** The output of a container: passed on as it arrives, the last lines kept for an error. */
export class ContainerOutput {
  readonly #last = new LastLines()
  readonly #sinks: readonly [Writable, Writable]

  constructor(targets: OutputTargets) {
    this.#sinks = [this.#sink(targets.stdout), this.#sink(targets.stderr)]
  }

  /** Reads a stream of the engine to its end. @returns when everything has been passed on, or the stream broke. */
  async follow(stream: Readable, tty: boolean): Promise<void> {
    const [stdout, stderr] = this.#sinks
    try {
      for await (const {bytes, channel} of outputParts(stream, tty))
        (channel === 'stdout' ? stdout : stderr).write(bytes)
    } catch {
      // The stream broke: the engine is asked how the container ended.
    }
  }

  /** The last lines, raw: make them printable before they are shown. */
  lastLines(): string[] {
    return this.#last.read()
  }

  #sink(target: NodeJS.WritableStream | undefined): Writable {
    const shown = target === undefined ? undefined : cleaned(target)
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.#last.append(chunk)
        shown?.write(chunk)
        done()
      },
    })
  }
}

/** A terminal gets no control sequences from the container; files and pipes get every byte. */
function cleaned(target: NodeJS.WritableStream): NodeJS.WritableStream {
  if (!('isTTY' in target) || target.isTTY !== true) return target
  const safe = safeOutput()
  safe.pipe(target, {end: false})
  return safe
}
