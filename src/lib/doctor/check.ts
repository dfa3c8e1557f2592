import {FailedError, KegError} from '../error/keg-error.js'
import {printable} from '../terminal/text.js'

/**
 * `ok`; `notice`, good to know and nothing is broken; `problem`, something will fail; `missing`, keg cannot work without it;
 * `skipped`, it could not be looked at because something else is missing.
 */
export type CheckStatus = 'ok' | 'notice' | 'problem' | 'missing' | 'skipped'

/** What a check found. */
export interface Finding {
  readonly status: CheckStatus
  /** One line. */
  readonly detail: string
  /** Lines that say more, where there is more than one thing to tell. */
  readonly notes?: readonly string[]
  /** The one line that mends it: a command, or what to do. */
  readonly remedy?: string
  /** The same for scripts. */
  readonly data?: Readonly<Record<string, unknown>>
}

/** What is checked; `id` never changes with the wording. */
export interface Subject {
  readonly id: string
  readonly title: string
}

/** A finding of a subject, whole: what is not there is null or empty. */
export interface Check extends Subject {
  readonly status: CheckStatus
  readonly detail: string
  readonly notes: readonly string[]
  readonly remedy: string | null
  readonly data: Readonly<Record<string, unknown>>
}

/** How long and until when one may look. */
export interface LookOptions {
  readonly timeoutMilliseconds: number
  readonly signal: AbortSignal
}

/**
 * Looks at one subject. Whatever goes wrong in it is its finding, also that it takes too long: no check makes another fail.
 * @throws only the reason of the signal
 */
export async function look(
  subject: Subject,
  work: (signal: AbortSignal) => Promise<Finding>,
  options: LookOptions,
): Promise<Check> {
  try {
    return wholeCheck(subject, await inTime(subject.title, work, options))
  } catch (error) {
    options.signal.throwIfAborted()
    return wholeCheck(subject, problemOf(error))
  }
}

/**
 * Gives work a limited time. Its signal ends what it has under way; when that does not heed the signal, it is not waited for.
 * @throws FailedError `check-timeout`, and whatever the work throws
 */
export async function inTime<T>(
  title: string,
  work: (signal: AbortSignal) => Promise<T>,
  {signal, timeoutMilliseconds}: LookOptions,
): Promise<T> {
  const late = new AbortController()
  const tooLate = new FailedError(`No answer within ${timeoutMilliseconds / 1000} s (${title}).`, {
    code: 'check-timeout',
    hint: 'Run keg doctor again; if it stays so, what it asks hangs.',
  })
  const timer = setTimeout(() => late.abort(tooLate), timeoutMilliseconds)
  const either = AbortSignal.any([signal, late.signal])
  const ended = new Promise<never>((_, reject) => {
    either.addEventListener('abort', () => reject(reasonOf(either)), {once: true})
  })
  ended.catch(() => undefined)
  try {
    either.throwIfAborted()
    return await Promise.race([work(either), ended])
  } finally {
    clearTimeout(timer)
  }
}

/** An error as a finding: its message, and its hint as what mends it. */
export function problemOf(error: unknown): Finding {
  const message = error instanceof Error ? error.message : String(error)
  const isKnown = error instanceof KegError
  return {
    status: 'problem',
    detail: printable(message),
    ...(isKnown && error.hint !== undefined && {remedy: printable(error.hint)}),
    data: {error: isKnown ? error.code : 'unexpected'},
  }
}

function wholeCheck(subject: Subject, {data = {}, detail, notes = [], remedy, status}: Finding): Check {
  return {...subject, status, detail, notes, remedy: remedy ?? null, data}
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason
  return reason instanceof Error ? reason : new Error('stopped', {cause: reason})
}
