import type {ProgressEvent} from './progress.js'
import {cutColumns} from './columns.js'
import {TransferRate} from './transfer-rate.js'
import {formatBytes, formatDuration, printable} from './text.js'

interface Stage {
  readonly startedAt: number
  reportedAt: number
  readonly rate: TransferRate
}

/** Where progress goes, and whether its lines can be overwritten. */
export interface DisplayTarget {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

const REPAINT_MILLISECONDS = 100
const PLAIN_LINE_MILLISECONDS = 5000
/** Bytes, rate and time left are only shown after this time. */
const TIMEOUT_MILLISECONDS = 2000

/**
 * Shows the stages of a service on standard error: one line that is overwritten on a terminal, plain lines elsewhere (one
 * when a stage ends, and one every five seconds while it runs).
 */
export class ProgressDisplay {
  readonly #stages = new Map<string, Stage>()
  #painted = false

  constructor(
    private readonly target: DisplayTarget,
    private readonly now: () => number = Date.now,
  ) {}

  /** The listener for a service. */
  readonly listen = (event: ProgressEvent): void => {
    const now = this.now()
    const stage = this.#stages.get(event.stage) ?? {
      startedAt: now,
      reportedAt: this.target.isTTY ? 0 : now,
      rate: new TransferRate(),
    }
    this.#stages.set(event.stage, stage)
    if (event.done !== undefined) stage.rate.add(now, event.done)
    if (event.state === 'done') {
      this.#stages.delete(event.stage)
      this.#line(`${event.stage}: ${this.#summary(event, now - stage.startedAt)}`)
      return
    }
    const pause = this.target.isTTY ? REPAINT_MILLISECONDS : PLAIN_LINE_MILLISECONDS
    if (now - stage.reportedAt < pause) return
    stage.reportedAt = now
    const current = [this.#current(event, now - stage.startedAt, stage.rate.bytesPerSecond), event.note ?? ''].filter(
      (part) => part !== '',
    )
    const text = `${event.stage} … ${current.join(', ')}`.trimEnd()
    if (this.target.isTTY) this.#paint(text)
    else this.#line(text)
  }

  /** Shows the current state on a terminal; the next call replaces it. */
  show(text: string): void {
    if (this.target.isTTY === true) this.#paint(text)
  }

  /** Erases the current line, so that the next output begins on a clean line. */
  clear(): void {
    if (!this.#painted) return
    this.target.write('\r\u001b[K')
    this.#painted = false
  }

  #summary(event: ProgressEvent, elapsed: number): string {
    const bytes = event.done === undefined ? [] : [formatBytes(event.done)]
    const note = event.note === undefined ? [] : [event.note]
    return [...bytes, ...note, formatDuration(elapsed)].join(', ')
  }

  #current({done, isEstimate = false, total}: ProgressEvent, elapsed: number, rate: number): string {
    if (done === undefined) return elapsed > TIMEOUT_MILLISECONDS ? formatDuration(elapsed) : ''
    const amount =
      total === undefined
        ? formatBytes(done)
        : `${formatBytes(done)} of ${isEstimate ? 'about ' : ''}${formatBytes(total)}`
    if (elapsed < TIMEOUT_MILLISECONDS || done === 0) return amount
    const isMoving = total !== undefined && total > done && rate > 0
    const left = isMoving ? [`${formatDuration(((total - done) / rate) * 1000)} left`] : []
    return [amount, `${formatBytes(rate)}/s`, ...left].join(', ')
  }

  #paint(text: string): void {
    const width = Math.max(20, (this.target.columns || 80) - 1)
    this.target.write(`\r\u001b[K${cutColumns(printable(text), width)}`)
    this.#painted = true
  }

  #line(text: string): void {
    this.clear()
    this.target.write(`${printable(text)}\n`)
  }
}
