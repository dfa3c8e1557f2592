import {setTimeout as sleep} from 'node:timers/promises'
import {startDetached, type RunningExec} from '../../engine/exec.js'
import type {StopSignal} from '../../error/keg-error.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** Ctrl-C at a terminal. */
export const CTRL_C = '\u0003'

/** Ends the input of a program at a terminal. */
export const CTRL_D = '\u0004'

/** In the environment of a program without a terminal, and of all that it starts: marks the processes to end. */
export const EXEC_MARK = 'KEG_EXEC_RUN'

/**
 * Sends a signal ($2) to each process with the mark ($1). The container may have only a shell, and the environment of other
 * users' processes cannot be read.
 */
const SIGNAL_SCRIPT = `for file in /proc/[0-9]*/environ; do
  if tr '\\000' '\\n' <"$file" | grep -qx "$1"; then file=\${file#/proc/}; kill -s "$2" "\${file%/environ}"; fi
done 2>/dev/null`

/** How long a program may take to end before the second attempt, and before keg gives up. */
export const TIMEOUT_MILLISECONDS = 3000

/** A program to end. */
export interface EndProgramOptions {
  readonly container: string
  readonly exec: RunningExec
  /** The value of EXEC_MARK that it was started with. */
  readonly mark: string
  /** The user that runs it. */
  readonly user: string | undefined
  /** The keys to type at its terminal, one after the other. */
  readonly keys: readonly string[]
  /** The signal that keg received. */
  readonly stopSignal: StopSignal
  /** Settles at the end of its output. */
  readonly ended: Promise<unknown>
  readonly patienceMilliseconds?: number
}

/**
 * Ends a program in a container, for which engines have no call: types Ctrl-C at its terminal, or without one sends signals
 * from inside. @returns whether it has ended
 */
export async function endProgram(work: Pick<EngineWork, 'engine'>, options: EndProgramOptions): Promise<boolean> {
  const {exec, keys, ended, patienceMilliseconds = TIMEOUT_MILLISECONDS, stopSignal} = options
  for (const signal of [stopSignal, 'SIGTERM']) {
    if (exec.tty) await type(exec, keys)
    // A container without a shell: give its program time to end by itself.
    else await sendSignal(work, options, signal).catch(() => undefined)
    if (await endsWithin(ended, patienceMilliseconds)) return true
  }
  return false
}

/** A shell can only take the next key after it has seen the program end. */
async function type(exec: RunningExec, keys: readonly string[]): Promise<void> {
  for (const [index, key] of keys.entries()) {
    if (index > 0) await sleep(KEY_MILLISECONDS)
    await exec.send(key)
  }
}

const KEY_MILLISECONDS = 200

async function sendSignal(
  {engine}: Pick<EngineWork, 'engine'>,
  {container, mark, user}: EndProgramOptions,
  signal: string,
): Promise<void> {
  const name = signal.replace(/^SIG/, '')
  const command = ['sh', '-c', SIGNAL_SCRIPT, 'keg', `${EXEC_MARK}=${mark}`, name]
  await startDetached(engine, container, {command, tty: false, user})
}

async function endsWithin(ended: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const timer = new AbortController()
  const timeout = sleep(milliseconds, false, {signal: timer.signal}).catch(() => false)
  try {
    return await Promise.race([ended.then(() => true), timeout])
  } finally {
    timer.abort()
  }
}
