import type {InputKind} from './exec-input.js'
import type {ExecStreams} from './exec-streams.js'

/** How a program in a container is connected. */
export interface ExecMode {
  readonly tty: boolean
  readonly input: InputKind
}

/**
 * How a program is connected to what keg has: somebody at a terminal works in one there, too; where output goes elsewhere, it comes
 * as the program writes it, and input that is no terminal is handed on. A terminal that only lends its keys is left alone.
 */
export function execMode({stdin, stdout}: ExecStreams): ExecMode {
  const hasKeys = stdin?.isTTY === true
  if (hasKeys && stdout?.isTTY === true) return {tty: true, input: 'keys'}
  return {tty: false, input: hasKeys || stdin === undefined ? 'nothing' : 'bytes'}
}
