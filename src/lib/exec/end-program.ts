import {setTimeout as sleep} from 'node:timers/promises'
import {startDetached, type RunningExec} from '../engine/exec.js'
import type {Engine} from '../engine/engine.js'
import type {StopSignal} from '../error/keg-error.js'

/** Ctrl-C, as a terminal knows it. */
export const CTRL_C = '\u0003'

/** What ends the input of a program at a terminal. */
export const CTRL_D = '\u0004'

/** In the environment of a program without a terminal, and of all that it starts: by it they are found when they are to end. */
export const EXEC_MARK = 'KEG_EXEC_RUN'

/** Sends a signal ($2) to each process with the mark ($1): there may be no more than a shell, and no way to read the others' environment. */
const SIGNAL_SCRIPT = `for file in /proc/[0-9]*/environ; do
  if tr '\\000' '\\n' <"$file" | grep -qx "$1"; then file=\${file#/proc/}; kill -s "$2" "\${file%/environ}"; fi
done 2>/dev/null`

/** How long a program may take to end before it is told once more, and before it is given up. */
export const PATIENCE_MILLISECONDS = 3000

/** A program to be ended. */
export interface EndProgramOptions {
  readonly engine: Engine
  readonly container: string
  readonly exec: RunningExec
  /** The value of EXEC_MARK that it was started with. */
  readonly mark: string
  /** The user that it was started as. */
  readonly user: string | undefined
  /** What is typed where it has a terminal, one after the other. */
  readonly keys: readonly string[]
  /** The signal that came for it here. */
  readonly stopSignal: StopSignal
  /** Settles with the end of its output. */
  readonly over: Promise<unknown>
  readonly patienceMilliseconds?: number
}

/**
 * Ends a program in a container, which no engine can do: where it has a terminal by typing Ctrl-C there, else by signals that are
 * sent from inside. @returns whether it has ended
 */
export async function endProgram(options: EndProgramOptions): Promise<boolean> {
  const {exec, keys, over, patienceMilliseconds = PATIENCE_MILLISECONDS, stopSignal} = options
  for (const signal of [stopSignal, 'SIGTERM']) {
    if (exec.tty) await type(exec, keys)
    // A container without a shell: its program is given the time to end by itself.
    else await sendSignal(options, signal).catch(() => undefined)
    if (await endsWithin(over, patienceMilliseconds)) return true
  }
  return false
}

/** A shell has to see that a program ended by the one key before it can take the next. */
async function type(exec: RunningExec, keys: readonly string[]): Promise<void> {
  for (const [index, key] of keys.entries()) {
    if (index > 0) await sleep(KEY_MILLISECONDS)
    await exec.send(key)
  }
}

const KEY_MILLISECONDS = 200

async function sendSignal({container, engine, mark, user}: EndProgramOptions, signal: string): Promise<void> {
  const name = signal.replace(/^SIG/, '')
  const command = ['sh', '-c', SIGNAL_SCRIPT, 'keg', `${EXEC_MARK}=${mark}`, name]
  await startDetached(engine, container, {command, tty: false, user})
}

async function endsWithin(over: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const patience = new AbortController()
  const late = sleep(milliseconds, false, {signal: patience.signal}).catch(() => false)
  try {
    return await Promise.race([over.then(() => true), late])
  } finally {
    patience.abort()
  }
}
