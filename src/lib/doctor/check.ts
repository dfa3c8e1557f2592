import {FailedError, KegError} from '../error/keg-error.js'
import {commandLine} from '../terminal/command-line.js'
import {printable} from '../terminal/text.js'
import type {Work} from '../work/work.js'

/**
 * `ok`; `notice`, good to know but nothing is broken; `problem`, something will fail; `missing`, keg cannot work without it;
 * `skipped`, could not be checked because something else is missing.
 */
export type CheckStatus = 'ok' | 'notice' | 'problem' | 'missing' | 'skipped'

/** The result of a check. */
export interface Finding {
  readonly status: CheckStatus
  /** One line. */
  readonly detail: string
  /** Further lines, if there is more than one thing to say. */
  readonly notes?: readonly string[]
  /** The one line that fixes it: a command, or what to do. */
  readonly remedy?: string
  /** The same for JSON output. */
  readonly data?: Readonly<Record<string, unknown>>
}

/** What is checked; `id` does not change with the title. */
export interface Subject {
  /** Its stable name, for scripts. */
  readonly id: string
  /** Its title, for people. */
  readonly title: string
}

/** A finding with its subject; a missing field is null or empty. */
export interface Check extends Subject {
  /** How serious the finding is. */
  readonly status: CheckStatus
  /** The finding, in one line. */
  readonly detail: string
  /** Further lines. */
  readonly notes: readonly string[]
  /** The one line that fixes it: a command, or what to do; null if nothing has to be done. */
  readonly remedy: string | null
  /** Details for scripts; they depend on the check. */
  readonly data: Readonly<Record<string, unknown>>
}

/** The time limit and signal of a check. */
export interface LookOptions {
  readonly timeoutMilliseconds: number
}

/**
 * Runs a check. Any error is its finding, a timeout too: no check makes another fail.
 * @throws only the reason of the signal
 */
export async function runCheck(
  work: Pick<Work, 'signal'>,
  subject: Subject,
  find: (signal: AbortSignal) => Promise<Finding>,
  options: LookOptions,
): Promise<Check> {
  try {
    return checkOf(subject, await withTimeLimit(work, subject.title, find, options))
  } catch (error) {
    work.signal.throwIfAborted()
    return checkOf(subject, findingOf(error))
  }
}

/**
 * Runs work with a time limit, which aborts its signal; does not wait for work that ignores the signal.
 * @throws FailedError `check-timeout`, and whatever the work throws
 */
export async function withTimeLimit<T>(
  {signal}: Pick<Work, 'signal'>,
  title: string,
  work: (signal: AbortSignal) => Promise<T>,
  {timeoutMilliseconds}: LookOptions,
): Promise<T> {
  const timeout = new AbortController()
  const timeoutError = new FailedError(`No answer within ${timeoutMilliseconds / 1000} s (${title}).`, {
    code: 'check-timeout',
    hint: `Try again with: ${commandLine`keg doctor`}. If it happens again, what it asks does not answer.`,
  })
  const timer = setTimeout(() => timeout.abort(timeoutError), timeoutMilliseconds)
  const combined = AbortSignal.any([signal, timeout.signal])
  const ended = new Promise<never>((_, reject) => {
    combined.addEventListener('abort', () => reject(reasonOf(combined)), {once: true})
  })
  ended.catch(() => undefined)
  try {
    combined.throwIfAborted()
    return await Promise.race([work(combined), ended])
  } finally {
    clearTimeout(timer)
  }
}

/** An error as a finding: its message, and its hint as the fix. */
export function findingOf(error: unknown): Finding {
  const message = error instanceof Error ? error.message : String(error)
  const isKnown = error instanceof KegError
  return {
    status: 'problem',
    detail: printable(message),
    ...(isKnown && error.hint !== undefined && {remedy: printable(error.hint)}),
    data: {error: isKnown ? error.code : 'unexpected'},
  }
}

function checkOf(subject: Subject, {data = {}, detail, notes = [], remedy, status}: Finding): Check {
  return {...subject, status, detail, notes, remedy: remedy ?? null, data}
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason
  return reason instanceof Error ? reason : new Error('stopped', {cause: reason})
}
