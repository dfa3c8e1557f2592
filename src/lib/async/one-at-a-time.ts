/** Work that can be requested at any time and runs one at a time: requests in the meantime cause one more run. */
export class OneAtATime {
  #running: Promise<void> | undefined
  #isAskedFor = false

  /** @param failed receives the work's error; nothing runs after that */
  constructor(
    private readonly work: () => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  request(): void {
    this.#isAskedFor = true
    this.#running ??= this.#run()
  }

  /** Resolves once nothing runs or is requested any more. */
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
