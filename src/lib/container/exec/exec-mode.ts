import type {InputKind} from './exec-input.js'
import type {ExecStreams} from './exec-streams.js'

/** How a program in a container is connected. */
export interface ExecMode {
  readonly tty: boolean
  readonly input: InputKind
}

/**
 * How to connect a program to keg's streams: a user at a terminal gets a terminal there, too. If the output goes elsewhere,
 * it comes as the program writes it; input that is not a terminal is passed on, and a terminal's keys are not read.
 */
export function execMode({stdin, stdout}: ExecStreams): ExecMode {
  const hasKeys = stdin?.isTTY === true
  if (hasKeys && stdout?.isTTY === true) return {tty: true, input: 'keys'}
  return {tty: false, input: hasKeys || stdin === undefined ? 'nothing' : 'bytes'}
}
