/** Lets only so many works run at once; the others wait for their turn, in the order in which they came. */
export class Slots {
  readonly #waiting: (() => void)[] = []
  #free: number

  /** @param count how many may run at once */
  constructor(count: number) {
    this.#free = count
  }

  /** Runs a work once there is a slot for it. @throws what the work throws */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }
}
