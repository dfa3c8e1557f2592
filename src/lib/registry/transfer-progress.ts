import type {StreamMessage} from '../engine/types.js'
import type {ProgressListener} from '../terminal/progress.js'

interface Layer {
  readonly done: number
  readonly total: number
}

/**
 * Combines an engine's messages about each layer into one progress in bytes. Bytes count once, when they are transferred, as the
 * engine counts them (uncompressed when a classic image store pushes). Layers that exist already do not count, and the total
 * grows as layers appear. The bytes of a layer that is sent again are subtracted.
 */
export class TransferProgress {
  readonly #layers = new Map<string, Layer>()
  readonly #waiting = new Map<string, string>()
  #hasTransferred = false
  #hasSkipped = false
  #isAccepted = false
  #lastMessageAt = Date.now()

  constructor(
    private readonly stage: string,
    private readonly listener: ProgressListener,
  ) {}

  /** Bytes transferred. A containerd image store does not report layers that take it no time. */
  get bytes(): number {
    return this.#sum('done')
  }

  /** Whether the registry accepted this try: only then do engines report a layer's bytes. */
  get isAccepted(): boolean {
    return this.#isAccepted
  }

  /** How long the engine has sent no message. */
  get quietMilliseconds(): number {
    return Date.now() - this.#lastMessageAt
  }

  /** Reports something besides the bytes. */
  note(note: string): void {
    this.#report('running', note)
  }

  /** Starts another try: complete layers stay counted, all others have to be sent again. */
  restart(note: string): void {
    this.#isAccepted = false
    this.#lastMessageAt = Date.now()
    this.#waiting.clear()
    for (const [id, {done, total}] of this.#layers) if (done < total) this.#layers.set(id, {done: 0, total})
    this.note(note)
  }

  /** Handles a message of the engine, and reports the progress. */
  handle({id, status, progressDetail}: StreamMessage): void {
    this.#lastMessageAt = Date.now()
    if (id === undefined || status === undefined) return
    this.#waiting.delete(id)
    const layer = this.#layers.get(id)
    if (status === 'Pushing' || status === 'Downloading') {
      this.#isAccepted = true
      const done = progressDetail?.current ?? 0
      // The sent bytes include tar's padding, the engine's total does not.
      this.#layers.set(id, {done, total: Math.max(done, progressDetail?.total ?? 0)})
    } else if (status === 'Pushed' || status === 'Download complete' || status === 'Pull complete') {
      this.#hasTransferred = true
      this.#isAccepted = true
      if (layer) this.#layers.set(id, {done: layer.total, total: layer.total})
    } else if (/^(Layer already exists|Already exists|Mounted from )/.test(status)) {
      this.#hasSkipped = true
      this.#isAccepted = true
      // A layer that an earlier try sent completely exists by now, and counts.
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
    this.#report('done', this.#hasSkipped && !this.#hasTransferred ? 'every layer was there already' : undefined)
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
