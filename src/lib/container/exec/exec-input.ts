import type {RunningExec} from '../../engine/exec.js'
import type {ExecInput, ExecOutput, ExecStreams} from './exec-streams.js'

/**
 * What a program in a container gets from keg's standard input: each key as it is pressed, if it has a terminal; all bytes
 * until the end; or nothing.
 */
export type InputKind = 'bytes' | 'keys' | 'nothing'

/** What can take input. */
export type InputTarget = Pick<RunningExec, 'endInput' | 'resize' | 'send' | 'tty'>

/** Passes standard input on until disposed; restores the terminal then. */
export function forwardInput(exec: InputTarget, {stdin, stdout}: ExecStreams, kind: InputKind): Disposable {
  const held =
    kind === 'nothing' || stdin === undefined
      ? []
      : [
          ...(kind === 'keys' ? [rawKeys(stdin)] : []),
          ...(kind === 'keys' && stdout !== undefined ? [sameSize(exec, stdout)] : []),
          forwardBytes(exec, stdin),
        ]
  return {
    [Symbol.dispose]: () => {
      for (const each of held.splice(0).reverse()) each[Symbol.dispose]()
    },
  }
}

/** Puts a terminal in raw mode: it passes on each key at once, Ctrl-C too. */
function rawKeys(input: ExecInput): Disposable {
  // A terminal closed in the meantime cannot be restored, and need not be.
  input.on('error', () => undefined)
  input.setRawMode?.(true)
  return {[Symbol.dispose]: () => void input.setRawMode?.(false)}
}

/** Keeps the exec's terminal at the size of this terminal. */
function sameSize(exec: InputTarget, terminal: ExecOutput): Disposable {
  const resize = (): void => {
    const {columns = 0, rows = 0} = terminal
    if (columns > 0 && rows > 0) void exec.resize({columns, rows})
  }
  terminal.on('resize', resize)
  resize()
  return {[Symbol.dispose]: () => void terminal.off('resize', resize)}
}

/** Passes bytes on, no faster than they are taken. */
function forwardBytes(exec: InputTarget, input: ExecInput): Disposable {
  let isDisposed = false
  const onBytes = async (bytes: Buffer | string): Promise<void> => {
    input.pause()
    await exec.send(bytes)
    if (!isDisposed) input.resume()
  }
  const onData = (bytes: Buffer | string): void => void onBytes(bytes)
  // A terminal's end of input is a key, passed on like any other; a closed terminal cannot be read any more.
  const onEnd = (): void => {
    if (!exec.tty) exec.endInput()
  }
  input.on('data', onData).on('end', onEnd).on('error', onEnd)
  input.resume()
  return {
    [Symbol.dispose]: () => {
      isDisposed = true
      input.off('data', onData).off('end', onEnd).off('error', onEnd)
      input.pause()
    },
  }
}
