/** Resources to dispose of at the end, last first, each whatever happens to the others. (Node 20 has no AsyncDisposableStack.) */
export class Cleanup implements AsyncDisposable {
  readonly #steps: (() => PromiseLike<void> | undefined)[] = []

  /** Disposes of a resource at the end. */
  use<T extends AsyncDisposable>(resource: T): T {
    this.add(() => resource[Symbol.asyncDispose]())
    return resource
  }

  /** Runs a step at the end. */
  add(step: () => PromiseLike<void> | undefined): void {
    this.#steps.push(step)
  }

  /** @throws the error of the first failed step, after trying all. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = []
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
