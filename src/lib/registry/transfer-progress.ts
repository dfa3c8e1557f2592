import type {StreamMessage} from '../engine/types.js'
import type {ProgressListener} from '../terminal/progress.js'

interface Layer {
  readonly done: number
  readonly total: number
}

/**
 * Makes one progress in bytes out of what an engine tells of each layer. Bytes count once, when they go over the line, as
 * the engine counts them (uncompressed when a classic image store pushes); layers that are there already count for
 * nothing, and the total grows while layers make themselves known. A layer that is sent again takes its bytes back.
 */
export class TransferProgress {
  readonly #layers = new Map<string, Layer>()
  readonly #waiting = new Map<string, string>()
  #isMoved = false
  #isSpared = false
  #isLetIn = false
  #heard = Date.now()

  constructor(
    private readonly stage: string,
    private readonly listener: ProgressListener,
  ) {}

  /** Bytes that went over the line. A containerd image store does not tell of layers that take it no time. */
  get bytes(): number {
    return this.#sum('done')
  }

  /** Whether the registry let this try in: engines speak of a layer's bytes only then. */
  get isLetIn(): boolean {
    return this.#isLetIn
  }

  /** For how long the engine has said nothing. */
  get quietMilliseconds(): number {
    return Date.now() - this.#heard
  }

  /** Reports something besides the bytes. */
  note(note: string): void {
    this.#report('running', note)
  }

  /** Begins another try: what arrived whole stays counted, all else is to be sent again. */
  startAgain(note: string): void {
    this.#isLetIn = false
    this.#heard = Date.now()
    this.#waiting.clear()
    for (const [id, {done, total}] of this.#layers) if (done < total) this.#layers.set(id, {done: 0, total})
    this.note(note)
  }

  /** Takes in one message of the engine and reports. */
  take({id, status, progressDetail}: StreamMessage): void {
    this.#heard = Date.now()
    if (id === undefined || status === undefined) return
    this.#waiting.delete(id)
    const layer = this.#layers.get(id)
    if (status === 'Pushing' || status === 'Downloading') {
      this.#isLetIn = true
      const done = progressDetail?.current ?? 0
      // What is sent has tar's padding, which the engine's total has not.
      this.#layers.set(id, {done, total: Math.max(done, progressDetail?.total ?? 0)})
    } else if (status === 'Pushed' || status === 'Download complete' || status === 'Pull complete') {
      this.#isMoved = true
      this.#isLetIn = true
      if (layer) this.#layers.set(id, {done: layer.total, total: layer.total})
    } else if (/^(Layer already exists|Already exists|Mounted from )/.test(status)) {
      this.#isSpared = true
      this.#isLetIn = true
      // One that an earlier try sent whole is there by now, and was sent.
      if (layer !== undefined && layer.done < layer.total) this.#layers.delete(id)
    } else if (status.startsWith('Retrying in ')) {
      if (layer) this.#layers.set(id, {done: 0, total: layer.total})
      this.#waiting.set(id, status)
    } else if (status === 'Extracting') {
      this.#waiting.set(id, 'Unpacking')
    }
    this.#report('running', [...this.#waiting.values()].at(-1))
  }

  /** Reports the end. */
  finish(): void {
    this.#report('done', this.#isSpared && !this.#isMoved ? 'every layer was there already' : undefined)
  }

  #report(state: 'running' | 'done', note: string | undefined): void {
    const total = this.#sum('total')
    this.listener({
      stage: this.stage,
      state,
      ...(total > 0 && {done: this.bytes, total}),
      ...(note !== undefined && {note}),
    })
  }

  #sum(part: keyof Layer): number {
    return [...this.#layers.values()].reduce((sum, layer) => sum + layer[part], 0)
  }
}
