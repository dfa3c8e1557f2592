import {constants} from 'node:os'

/** The details of an error besides its message. */
export interface ErrorDetails {
  /** A stable name for scripts, such as `reference-invalid`; it does not change with the wording. */
  code: string
  /** One sentence that says what to do next. */
  hint?: string
  /** The underlying error; kept for `KEG_DEBUG`, never shown by itself. */
  cause?: unknown
  /** More for scripts, printed with `--json`. */
  data?: Record<string, unknown>
}

/** An error whose message is one sentence for the user, with its exit code. */
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

/** What every failed command prints with `--json`; scripts can rely on these fields. */
export interface ErrorAnswer {
  /** What went wrong. */
  readonly error: {
    /** Its stable name, as in docs/errors.md; it does not change with the wording. */
    readonly code: string
    /** One sentence that says what happened. */
    readonly message: string
    /** One sentence that says what to do next; null if there is nothing to do. */
    readonly hint: string | null
    /** The exit code of the command. */
    readonly exitCode: number
    /** More about this error, depending on its code; null if there is no more. */
    readonly data: Readonly<Record<string, unknown>> | null
  }
}

/** An error for `--json`. */
export function errorJson({code, data, exitCode, hint, message}: KegError): ErrorAnswer {
  return {error: {code, message, hint: hint ?? null, exitCode, data: data ?? null}}
}

/** The command line is wrong or incomplete: the user has to correct it. */
export class UsageError extends KegError {
  readonly exitCode = 2
}

/** The request was valid, but it could not be done. */
export class FailedError extends KegError {
  readonly exitCode: number = 1
}

/** A check failed, and nothing was changed. */
export class RefusedError extends KegError {
  readonly exitCode = 3
}

/** Something that keg needs is not on this machine, or does not answer. */
export class MissingError extends KegError {
  readonly exitCode = 4
}

/** The signals that end keg: Ctrl-C, a request to end, a closed terminal. */
export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
export type StopSignal = (typeof STOP_SIGNALS)[number]

/**
 * A signal or the user ended the work; everything temporary is removed, unless cleaning up failed: then the hint says what
 * to do.
 */
export class InterruptedError extends KegError {
  readonly exitCode: number

  constructor(
    readonly signal: StopSignal,
    {hint = 'Everything temporary has been removed.', cause}: Pick<ErrorDetails, 'cause' | 'hint'> = {},
  ) {
    super(`Stopped by ${signal}.`, {code: 'interrupted', hint, cause})
    this.exitCode = 128 + constants.signals[signal]
  }
}
