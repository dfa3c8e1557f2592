import {setTimeout} from 'node:timers/promises'
import type {Limits} from './limits.js'

/** Counts the tries of one request, and waits between them: twice as long each time, with some chance in it. */
export class Retries {
  #tries = 1
  #waited = 0

  constructor(
    private readonly limits: Limits,
    private readonly signal: AbortSignal,
  ) {}

  /**
   * Waits until another try makes sense.
   * @param afterMilliseconds how long the registry asked to wait
   * @returns false if enough was tried, or the registry wants to be left alone for longer than keg waits
   * @throws the reason of the signal
   */
  async next(afterMilliseconds?: number): Promise<boolean> {
    this.signal.throwIfAborted()
    const {delayMilliseconds, maxDelayMilliseconds, totalDelayMilliseconds, tries} = this.limits
    if (this.#tries >= tries) return false
    const backOff = Math.min(maxDelayMilliseconds, delayMilliseconds * 2 ** (this.#tries - 1))
    // Several layers that failed together should not come back together.
    const delay = Math.max(afterMilliseconds ?? 0, backOff * (0.5 + Math.random() / 2))
    if (this.#waited + delay > totalDelayMilliseconds) return false
    this.#tries++
    this.#waited += delay
    await setTimeout(delay, undefined, {signal: this.signal}).catch(() => this.signal.throwIfAborted())
    return true
  }

  /** Starts counting anew, after something succeeded. */
  reset(): void {
    this.#tries = 1
    this.#waited = 0
  }
}
