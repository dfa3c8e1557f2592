interface Sample {
  readonly at: number
  readonly bytes: number
}

/** What was longer ago does not count. */
const WINDOW_MILLISECONDS = 10_000

/** Samples closer to each other than this are one. */
const STEP_MILLISECONDS = 250

/** How fast bytes move at the moment: the average of the last ten seconds, so that neither a burst nor a break makes it jump. */
export class TransferRate {
  #samples: Sample[] = []
  #last: Sample | undefined

  /** @param at milliseconds @param bytes how many there are by now; fewer than before if some have to be sent again */
  add(at: number, bytes: number): void {
    this.#last = {at, bytes}
    const latest = this.#samples.at(-1)
    if (latest === undefined || at - latest.at >= STEP_MILLISECONDS) this.#samples.push(this.#last)
    // One from before the window is where it begins.
    while ((this.#samples[1]?.at ?? at) <= at - WINDOW_MILLISECONDS) this.#samples.shift()
  }

  /** 0 if nothing is known, or less is there than before. */
  get bytesPerSecond(): number {
    const [first] = this.#samples
    if (first === undefined || this.#last === undefined || this.#last.at === first.at) return 0
    return Math.max(0, ((this.#last.bytes - first.bytes) / (this.#last.at - first.at)) * 1000)
  }
}
