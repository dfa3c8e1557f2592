import {expect} from 'chai'
import {PassThrough} from 'node:stream'
import {setImmediate as turn} from 'node:timers/promises'
import type {TerminalSize} from '../../../../src/lib/engine/types.js'
import {forwardInput, type InputTarget} from '../../../../src/lib/container/exec/exec-input.js'

/** A terminal like Node's, which records its raw modes. */
class Terminal extends PassThrough {
  readonly isTTY = true
  readonly modes: boolean[] = []
  columns = 80
  rows = 24

  setRawMode(isRaw: boolean): void {
    this.modes.push(isRaw)
  }
}

/** Records its input. A slow one takes the next chunk only after `letOn`. */
class Program implements InputTarget {
  readonly tty: boolean
  readonly taken: string[] = []
  readonly sizes: TerminalSize[] = []
  isEnded = false
  #letOn: (() => void) | undefined

  constructor({tty, slow = false}: {tty: boolean; slow?: boolean}) {
    this.tty = tty
    if (slow) this.#letOn = () => undefined
  }

  async send(bytes: Buffer | string): Promise<void> {
    this.taken.push(bytes.toString())
    if (this.#letOn !== undefined) await new Promise<void>((resolve) => (this.#letOn = resolve))
  }

  letOn(): void {
    this.#letOn?.()
  }

  endInput(): void {
    this.isEnded = true
  }

  resize(size: TerminalSize): Promise<void> {
    this.sizes.push(size)
    return Promise.resolve()
  }
}

describe('forwardInput', () => {
  it('forwards keys one by one, including Ctrl-C, and restores the terminal', async () => {
    const [terminal, program] = [new Terminal(), new Program({tty: true})]
    const input = forwardInput(program, {stdin: terminal, stdout: terminal, stderr: undefined}, 'keys')
    expect(terminal.modes).to.deep.equal([true])
    terminal.write('l')
    await turn()
    terminal.write('\u0003')
    await turn()
    expect(program.taken).to.deep.equal(['l', '\u0003'])
    input[Symbol.dispose]()
    input[Symbol.dispose]()
    expect(terminal.modes).to.deep.equal([true, false])
    terminal.write('for the shell')
    await turn()
    expect(program.taken).to.have.length(2)
    expect(terminal.isPaused()).to.equal(true)
  })

  it('sends the size of the terminal, and each change of it', () => {
    const [terminal, program] = [new Terminal(), new Program({tty: true})]
    const input = forwardInput(program, {stdin: terminal, stdout: terminal, stderr: undefined}, 'keys')
    terminal.columns = 100
    terminal.emit('resize')
    input[Symbol.dispose]()
    terminal.columns = 120
    terminal.emit('resize')
    expect(program.sizes).to.deep.equal([
      {columns: 80, rows: 24},
      {columns: 100, rows: 24},
    ])
  })

  it('forwards all bytes and then their end, no faster than they are taken', async () => {
    const [stdin, program] = [new PassThrough(), new Program({tty: false, slow: true})]
    const input = forwardInput(program, {stdin, stdout: undefined, stderr: undefined}, 'bytes')
    stdin.write('one')
    await turn()
    stdin.end('two')
    await turn()
    expect(program.taken).to.deep.equal(['one'])
    program.letOn()
    await turn()
    await turn()
    expect(program.taken).to.deep.equal(['one', 'two'])
    program.letOn()
    await turn()
    await turn()
    expect(program.isEnded).to.equal(true)
    input[Symbol.dispose]()
  })

  it('reads nothing if no input is wanted', async () => {
    const [stdin, program] = [new PassThrough(), new Program({tty: false})]
    const input = forwardInput(program, {stdin, stdout: undefined, stderr: undefined}, 'nothing')
    stdin.end('for another program')
    await turn()
    input[Symbol.dispose]()
    expect(program.taken).to.deep.equal([])
    expect(String(stdin.read())).to.equal('for another program')
  })
})
