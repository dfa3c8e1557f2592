import {InterruptedError, type StopSignal} from '../error/keg-error.js'
import type {ExecStreams} from './exec-streams.js'

/** Why what is followed is followed no longer. */
export interface Stop {
  /** What a program is to be told by that nobody wants any more. */
  readonly signal: StopSignal
  readonly exitCode: number
}

/** What a shell gives for a program whose reader has gone (128 + SIGPIPE). */
const BROKEN_PIPE = 141

/** Looks out for a signal to keg, and for the end of whoever reads its output, until it is to be forgotten. */
export function awaitStop(
  {stderr, stdout}: Pick<ExecStreams, 'stderr' | 'stdout'>,
  signal: AbortSignal,
): {readonly came: Promise<Stop>; readonly forget: () => void} {
  const over = new AbortController()
  const came = new Promise<Stop>((resolve) => {
    const bySignal = (): void => {
      const reason: unknown = signal.reason
      const interruption = reason instanceof InterruptedError ? reason : new InterruptedError('SIGTERM')
      resolve({signal: interruption.signal, exitCode: interruption.exitCode})
    }
    if (signal.aborted) bySignal()
    signal.addEventListener('abort', bySignal, {once: true, signal: over.signal})
    const byReader = (): void => resolve({signal: 'SIGTERM', exitCode: BROKEN_PIPE})
    for (const output of [stdout, stderr]) {
      output?.once('error', byReader)
      over.signal.addEventListener('abort', () => output?.off('error', byReader), {once: true})
    }
  })
  return {came, forget: () => over.abort()}
}
