/** A signal that is aborted some time after another one, for the same reason: what is nearly done can still be finished. */
export class LateSignal implements Disposable {
  readonly #controller = new AbortController()
  #timer: NodeJS.Timeout | undefined

  constructor(
    private readonly first: AbortSignal,
    private readonly milliseconds: number,
  ) {
    if (first.aborted) this.#wait()
    else first.addEventListener('abort', this.#wait, {once: true})
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** It is not aborted any more. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.first.removeEventListener('abort', this.#wait)
  }

  readonly #wait = (): void => {
    this.#timer = setTimeout(() => this.#controller.abort(this.first.reason), this.milliseconds)
  }
}
