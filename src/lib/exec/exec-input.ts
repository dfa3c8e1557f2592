import type {RunningExec} from '../engine/exec.js'
import type {ExecInput, ExecOutput, ExecStreams} from './exec-streams.js'

/**
 * What a program in a container gets of keg's standard input: each key as it is pressed, for one with a terminal of its own; all
 * bytes and then their end; or nothing.
 */
export type InputKind = 'bytes' | 'keys' | 'nothing'

/** What takes input. */
export type InputTarget = Pick<RunningExec, 'endInput' | 'resize' | 'send' | 'tty'>

/** Hands on what comes from standard input until it is disposed of; a terminal is then as it was before. */
export function handOnInput(exec: InputTarget, {stdin, stdout}: ExecStreams, kind: InputKind): Disposable {
  const held =
    kind === 'nothing' || stdin === undefined
      ? []
      : [
          ...(kind === 'keys' ? [rawKeys(stdin)] : []),
          ...(kind === 'keys' && stdout !== undefined ? [sameSize(exec, stdout)] : []),
          handOn(exec, stdin),
        ]
  return {
    [Symbol.dispose]: () => {
      for (const each of held.splice(0).reverse()) each[Symbol.dispose]()
    },
  }
}

/** Has a terminal hand on each key at once, Ctrl-C as well. */
function rawKeys(input: ExecInput): Disposable {
  // One that was closed meanwhile cannot be set back, and does not have to be.
  input.on('error', () => undefined)
  input.setRawMode?.(true)
  return {[Symbol.dispose]: () => void input.setRawMode?.(false)}
}

/** Gives the terminal of an exec the size of the terminal here, now and whenever that changes. */
function sameSize(exec: InputTarget, terminal: ExecOutput): Disposable {
  const resize = (): void => {
    const {columns = 0, rows = 0} = terminal
    if (columns > 0 && rows > 0) void exec.resize({columns, rows})
  }
  terminal.on('resize', resize)
  resize()
  return {[Symbol.dispose]: () => void terminal.off('resize', resize)}
}

/** Hands bytes on, no faster than they are taken. */
function handOn(exec: InputTarget, input: ExecInput): Disposable {
  let isOver = false
  const take = async (bytes: Buffer | string): Promise<void> => {
    input.pause()
    await exec.send(bytes)
    if (!isOver) input.resume()
  }
  const onData = (bytes: Buffer | string): void => void take(bytes)
  // A terminal is ended by a key, which is handed on as any other; one that was closed cannot be read any more.
  const onEnd = (): void => {
    if (!exec.tty) exec.endInput()
  }
  input.on('data', onData).on('end', onEnd).on('error', onEnd)
  input.resume()
  return {
    [Symbol.dispose]: () => {
      isOver = true
      input.off('data', onData).off('end', onEnd).off('error', onEnd)
      input.pause()
    },
  }
}
