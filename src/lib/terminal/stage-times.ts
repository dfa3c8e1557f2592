import type {ProgressListener} from './progress.js'

/** A stage of a service, and how long it took. */
export interface TimedStage {
  /** As in the progress: `Reading the container`. */
  readonly stage: string
  /** From its first report to its end. */
  readonly milliseconds: number
}

/** Measures how long stages take, while it passes their reports on. */
export class StageTimes {
  readonly #startedAt = new Map<string, number>()
  #slowest: TimedStage | undefined

  /** @param now in milliseconds */
  constructor(
    private readonly listener: ProgressListener,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** The stage that took the longest, of those that have ended; undefined if none has. */
  get slowest(): TimedStage | undefined {
    return this.#slowest
  }

  /** The listener for a service. */
  readonly listen: ProgressListener = (event) => {
    const {stage, state} = event
    const startedAt = this.#startedAt.get(stage) ?? this.now()
    if (state === 'running') this.#startedAt.set(stage, startedAt)
    else {
      this.#startedAt.delete(stage)
      const milliseconds = Math.round(this.now() - startedAt)
      if (milliseconds > (this.#slowest?.milliseconds ?? -1)) this.#slowest = {stage, milliseconds}
    }
    this.listener(event)
  }
}
