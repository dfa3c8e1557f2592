import {InterruptedError, type StopSignal} from '../../error/keg-error.js'
import type {ExecStreams} from './exec-streams.js'

/** Why keg stops following a program. */
export interface Stop {
  /** The signal to end the program with. */
  readonly signal: StopSignal
  readonly exitCode: number
}

/** The exit code of a shell for a program whose reader is gone (128 + SIGPIPE). */
export const BROKEN_PIPE = 141

/** Waits for a signal to keg, or for the reader of its output to go away, until disposed. */
export function awaitStop(
  {stderr, stdout}: Pick<ExecStreams, 'stderr' | 'stdout'>,
  signal: AbortSignal,
): {readonly came: Promise<Stop>; readonly forget: () => void} {
  const ended = new AbortController()
  const came = new Promise<Stop>((resolve) => {
    const bySignal = (): void => {
      const reason: unknown = signal.reason
      const interruption = reason instanceof InterruptedError ? reason : new InterruptedError('SIGTERM')
      resolve({signal: interruption.signal, exitCode: interruption.exitCode})
    }
    if (signal.aborted) bySignal()
    signal.addEventListener('abort', bySignal, {once: true, signal: ended.signal})
    const byReader = (): void => resolve({signal: 'SIGTERM', exitCode: BROKEN_PIPE})
    for (const output of [stdout, stderr]) {
      output?.once('error', byReader)
      ended.signal.addEventListener('abort', () => output?.off('error', byReader), {once: true})
    }
  })
  return {came, forget: () => ended.abort()}
}
