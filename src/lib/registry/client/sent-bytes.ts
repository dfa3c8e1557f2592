/** Reports the bytes of one blob that have been sent; those that have to be sent again are subtracted. */
export class SentBytes {
  #position: number

  /** @param start how many bytes an earlier run sent, which are not reported */
  constructor(
    private readonly listener: (bytes: number) => void = () => undefined,
    start = 0,
  ) {
    this.#position = start
  }

  /** More bytes were sent. */
  add(bytes: number): void {
    this.#position += bytes
    if (bytes !== 0) this.listener(bytes)
  }

  /** Sending goes on from here. */
  resumeAt(position: number): void {
    this.add(position - this.#position)
  }
}
