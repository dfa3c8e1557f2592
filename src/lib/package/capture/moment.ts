import {untilAborted} from '../../async/until-aborted.js'

/** A point at which several pieces of work wait for each other. */
class Gate {
  readonly opened: Promise<void>
  #open = (): void => undefined
  #missing: number

  constructor(count: number) {
    this.#missing = count
    this.opened = new Promise((resolve) => {
      this.#open = resolve
    })
  }

  arrive(): void {
    if (--this.#missing === 0) this.#open()
  }
}

/**
 * One moment for several containers: all are paused once each is ready for it, all are read once each is paused, and all are unpaused
 * once each was read. So nothing that one of them has seen of another is missing in that.
 */
export class Moment {
  readonly #ready: Gate
  readonly #paused: Gate
  readonly #read: Gate
  #firstPause = Infinity
  #lastPause = -Infinity

  /**
   * @param count how many containers; each calls `ready`, `paused` and `read` once
   * @param signal ends the waiting, when one of them failed
   */
  constructor(
    count: number,
    private readonly signal: AbortSignal,
  ) {
    this.#ready = new Gate(count)
    this.#paused = new Gate(count)
    this.#read = new Gate(count)
  }

  /** From the first container that was paused to the last one. */
  get spreadMilliseconds(): number {
    return this.#lastPause < this.#firstPause ? 0 : Math.round(this.#lastPause - this.#firstPause)
  }

  /** Waits until all can be paused. @throws the reason of the signal */
  ready(): Promise<void> {
    return this.#meet(this.#ready)
  }

  /** Waits until all are paused. A container that does not run is as good as paused. @throws the reason of the signal */
  paused(): Promise<void> {
    const now = performance.now()
    this.#firstPause = Math.min(this.#firstPause, now)
    this.#lastPause = Math.max(this.#lastPause, now)
    return this.#meet(this.#paused)
  }

  /** Waits until all were read. @throws the reason of the signal */
  read(): Promise<void> {
    return this.#meet(this.#read)
  }

  #meet(gate: Gate): Promise<void> {
    gate.arrive()
    return untilAborted(gate.opened, this.signal)
  }
}
