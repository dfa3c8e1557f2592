import {once} from 'node:events'
import type {Transform} from 'node:stream'
import {safeOutput} from '../container/safe-output.js'
import type {ExecOutput} from './exec-streams.js'
import {bareLineFeeds, plainLineEnds} from './line-ends.js'

/** What the bytes that a container sends are. */
export interface OutputKind {
  /** They come from a terminal, whose lines end in carriage return and newline. */
  readonly tty: boolean
  /** Somebody works at that terminal: whatever its programs draw is wanted as it is. */
  readonly isInteractive: boolean
}

/**
 * Where output goes, no faster than it is taken. A terminal gets no control sequences of the container's, unless somebody works in
 * that; files and pipes get every byte, with the lines ending as lines in files do.
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
    if (isInteractive) this.#first = bareLineFeeds()
    else if (target.isTTY === true) this.#first = safeOutput()
    else if (tty) this.#first = plainLineEnds()
    this.#first?.pipe(target, {end: false})
  }

  /** @returns once more can be taken; what nobody reads any more is dropped */
  async write(bytes: Buffer): Promise<void> {
    const first = this.#first ?? this.#target
    if (first === undefined || this.#isGone || first.write(bytes)) return
    await Promise.race([once(first, 'drain'), this.#gone])
  }

  /** Lets go of the target, which stays open. @returns once all that was written has been handed on */
  async close(): Promise<void> {
    if (this.#first === undefined || this.#isGone) return
    const handedOn = once(this.#first, 'end')
    this.#first.end()
    await Promise.race([handedOn, this.#gone])
  }
}
