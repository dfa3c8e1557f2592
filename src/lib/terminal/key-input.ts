import {setImmediate as nextTurn} from 'node:timers/promises'
import {Transform, type TransformCallback} from 'node:stream'

/**
 * The keys of a terminal, with every Enter on its own: a search can only take Enter after it has seen what was typed before,
 * and a pasted line has both in one chunk.
 */
export class KeyInput extends Transform implements Disposable {
  /** Like a terminal. */
  readonly isTTY = true

  constructor(private readonly terminal: NodeJS.ReadStream) {
    super()
    terminal.pipe(this)
  }

  /** Called by readline to get each key. */
  setRawMode(isRaw: boolean): this {
    this.terminal.setRawMode(isRaw)
    return this
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#passOn(chunk).then(() => done(), done)
  }

  /** Releases the terminal. */
  [Symbol.dispose](): void {
    this.terminal.unpipe(this)
    this.terminal.pause()
  }

  async #passOn(chunk: Buffer): Promise<void> {
    for (const piece of splitAtEnter(chunk)) {
      this.push(piece)
      await nextTurn()
    }
  }
}

/** Splits keys so that every carriage return or newline is its own piece. */
export function splitAtEnter(keys: Buffer): Buffer[] {
  const pieces = keys.toString('latin1').match(/[\r\n]|[^\r\n]+/g) ?? []
  return pieces.map((piece) => Buffer.from(piece, 'latin1'))
}
