import {once} from 'node:events'
import type {Transform} from 'node:stream'
import {safeOutput} from '../safe-output.js'
import type {ExecOutput} from './exec-streams.js'
import {rawLineFeeds, plainLineEnds} from './line-ends.js'

/** Where the bytes from a container come from. */
export interface OutputKind {
  /** A terminal, whose lines end in carriage return and newline. */
  readonly tty: boolean
  /** A user works at that terminal, so that whatever its programs draw stays unchanged. */
  readonly isInteractive: boolean
}

/**
 * Where output goes, no faster than it is taken. A terminal gets no control sequences from the container, unless a user
 * works in it; files and pipes get every byte, with the line ends of files.
 */
export class OutputSink {
  readonly #target: ExecOutput | undefined
  readonly #first: Transform | undefined
  readonly #gone: Promise<void>
  #isGone = false

  constructor(target: ExecOutput | undefined, {isInteractive, tty}: OutputKind) {
    this.#target = target
    this.#gone = new Promise((resolve) => {
      const onGone = (): void => {
        this.#isGone = true
        resolve()
      }
      for (const event of ['close', 'error']) target?.once(event, onGone)
    })
    if (target === undefined) return
    if (isInteractive) this.#first = rawLineFeeds()
    else if (target.isTTY === true) this.#first = safeOutput()
    else if (tty) this.#first = plainLineEnds()
    this.#first?.pipe(target, {end: false})
  }

  /** @returns once it can take more; output that nobody reads any more is dropped */
  async write(bytes: Buffer): Promise<void> {
    const first = this.#first ?? this.#target
    if (first === undefined || this.#isGone || first.write(bytes)) return
    await Promise.race([once(first, 'drain'), this.#gone])
  }

  /** Releases the target, which stays open. @returns once everything has been passed on */
  async close(): Promise<void> {
    if (this.#first === undefined || this.#isGone) return
    const passedOn = once(this.#first, 'end')
    this.#first.end()
    await Promise.race([passedOn, this.#gone])
  }
}
