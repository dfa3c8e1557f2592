import {constants} from 'node:os'

/** What every error of keg carries besides its message. */
export interface ErrorDetails {
  /** A stable name for scripts, such as `reference-invalid`; it never changes with the wording. */
  code: string
  /** One sentence that says what to do next. */
  hint?: string
  /** What went wrong underneath; kept for `KEG_DEBUG`, never shown by itself. */
  cause?: unknown
  /** More that a script may want to know, printed with `--json`. */
  data?: Record<string, unknown>
}

/** An error whose message is one sentence for the person at the terminal, with the exit code it ends in. */
export abstract class KegError extends Error {
  abstract readonly exitCode: number
  readonly code: string
  readonly hint: string | undefined
  readonly data: Record<string, unknown> | undefined

  constructor(message: string, {code, hint, cause, data}: ErrorDetails) {
    super(message, {cause})
    this.name = new.target.name
    this.code = code
    this.hint = hint
    this.data = data
  }
}

/** What is printed of an error with `--json`. */
export function errorJson({code, data, exitCode, hint, message}: KegError) {
  return {error: {code, message, hint, exitCode, ...(data === undefined ? {} : {data})}}
}

/** The command line is wrong or incomplete: whoever typed it must act. */
export class UsageError extends KegError {
  readonly exitCode = 2
}

/** What was asked for is right, but it could not be done. */
export class FailedError extends KegError {
  readonly exitCode: number = 1
}

/** A check said no, and nothing was changed. */
export class RefusedError extends KegError {
  readonly exitCode = 3
}

/** Something keg needs is not on this machine, or does not answer. */
export class MissingError extends KegError {
  readonly exitCode = 4
}

/** The signals that end the work: Ctrl-C, a request to end, a terminal that was closed. */
export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
export type StopSignal = (typeof STOP_SIGNALS)[number]

/** A signal or the user ended the work; everything temporary is gone, unless cleaning up met with a problem. */
export class InterruptedError extends KegError {
  readonly exitCode: number

  constructor(
    readonly signal: StopSignal,
    problem?: KegError,
  ) {
    const hint =
      problem === undefined
        ? 'Everything temporary has been removed.'
        : `Something temporary may be left (${problem.message}); it is taken away by: keg doctor --fix`
    super(`Stopped by ${signal}.`, {code: 'interrupted', hint, cause: problem})
    this.exitCode = 128 + constants.signals[signal]
  }
}
