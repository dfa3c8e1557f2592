import {StringDecoder} from 'node:string_decoder'
import {cutColumns} from '../terminal/columns.js'

const MAX_LINE_COLUMNS = 500

/** Keeps the last lines of a stream of text in little memory. */
export class LastLines {
  readonly #decoder = new StringDecoder('utf8')
  readonly #lines: string[] = []
  #open = ''

  constructor(private readonly limit = 20) {}

  append(chunk: Buffer): void {
    const pieces = (this.#open + this.#decoder.write(chunk)).split('\n')
    this.#open = cutColumns(pieces.pop() ?? '', MAX_LINE_COLUMNS)
    for (const piece of pieces) this.#lines.push(cutColumns(piece.replace(/\r$/, ''), MAX_LINE_COLUMNS))
    this.#lines.splice(0, Math.max(0, this.#lines.length - this.limit))
  }

  /** The lines, oldest first; includes an unfinished last one. */
  read(): string[] {
    return [...this.#lines, ...(this.#open === '' ? [] : [this.#open])].slice(-this.limit)
  }
}
