import {StringDecoder} from 'node:string_decoder'

const LONGEST_LINE = 500

/** Keeps the last lines of a stream of text in little memory. */
export class LastLines {
  readonly #decoder = new StringDecoder('utf8')
  readonly #lines: string[] = []
  #open = ''

  constructor(private readonly limit = 20) {}

  take(chunk: Buffer): void {
    const pieces = (this.#open + this.#decoder.write(chunk)).split('\n')
    this.#open = (pieces.pop() ?? '').slice(0, LONGEST_LINE)
    for (const piece of pieces) this.#lines.push(piece.replace(/\r$/, '').slice(0, LONGEST_LINE))
    this.#lines.splice(0, Math.max(0, this.#lines.length - this.limit))
  }

  /** The lines, oldest first; the last one even when it has no end yet. */
  read(): string[] {
    return [...this.#lines, ...(this.#open === '' ? [] : [this.#open])].slice(-this.limit)
  }
}
