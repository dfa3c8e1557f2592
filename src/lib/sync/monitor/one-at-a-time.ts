/** Work that may be asked for at any time and is done once at a time: what is asked for meanwhile is done once more after. */
export class OneAtATime {
  #running: Promise<void> | undefined
  #isAskedFor = false

  /** @param failed hears of what the work throws; nothing is done any more then */
  constructor(
    private readonly work: () => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  request(): void {
    this.#isAskedFor = true
    this.#running ??= this.#run()
  }

  /** Resolves once nothing is done or asked for any more. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async #run(): Promise<void> {
    try {
      while (this.#isAskedFor) {
        this.#isAskedFor = false
        await this.work()
      }
    } catch (error) {
      this.failed(error)
    } finally {
      this.#running = undefined
    }
  }
}
