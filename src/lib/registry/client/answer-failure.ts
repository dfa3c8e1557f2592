import {STATUS_CODES, type IncomingHttpHeaders} from 'node:http'
import {parseJson, property} from '../../json/json.js'
import {printable} from '../../terminal/text.js'
import type {FailureKind} from '../failure-kind.js'
import {parseChallenge} from './challenge.js'
import {RegistryFailure} from './registry-failure.js'

/** An answer that was read completely. */
export interface ReadAnswer {
  readonly method: string
  /** The address that answered, after redirects. */
  readonly address: URL
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Statuses after which the same request may succeed. */
export function isTemporary(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && ![501, 505, 507].includes(status))
}

/** How long an answer asks to wait, in milliseconds (RFC 9110, 10.2.3: seconds or a date). */
export function retryAfter(headers: IncomingHttpHeaders): number | undefined {
  const value = headers['retry-after']?.trim()
  if (value === undefined) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000
  const date = /^[A-Z][a-z]+, /.test(value) ? Date.parse(value) : Number.NaN
  // By the server's own clock, if it says what time it is there.
  const now = Date.parse(headers.date ?? '') || Date.now()
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/**
 * The errors in an answer, as engines word them: `code: message` (distribution-spec, error codes); undefined if it has none.
 */
export function errorText({body, headers}: Pick<ReadAnswer, 'body' | 'headers'>): string | undefined {
  const content = parseJson(body.toString('utf8'))
  const errors = property(content, 'errors')
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined
  const code = property(first, 'code')
  const message = property(first, 'message')
  if (typeof code !== 'string') return undefined
  const challenge = parseChallenge(headers['www-authenticate'])
  const isScope = challenge?.kind === 'bearer' && challenge.error === 'insufficient_scope'
  const description = isScope ? 'insufficient_scope' : code.toLowerCase().replaceAll('_', ' ')
  return printable(typeof message === 'string' && message !== '' ? `${description}: ${message}` : description).trim()
}

/** What the failure of an answer is called, given its message: that depends on what was asked for. */
export type ClassifyFailure = (message: string) => FailureKind

/** The longest part of an answer's message that is kept. */
const MAX_TEXT = 2000

/** The failure that an answer tells. */
export function answerFailure(
  answer: ReadAnswer,
  {
    classify = classifyByStatus(answer.status),
    redact = (text) => text,
  }: {readonly classify?: ClassifyFailure; readonly redact?: (text: string) => string} = {},
): RegistryFailure {
  const {address, headers, method, status} = answer
  const place = `${address.origin}${address.pathname}`
  const unexpected = `unexpected status from ${method} request to ${place}: ${status} ${STATUS_CODES[status] ?? ''}`
  const text = errorText(answer)?.slice(0, MAX_TEXT)
  const byText = text === undefined ? 'registry-failed' : classify(text)
  const kind = byText === 'registry-failed' ? classify(unexpected) : byText
  return new RegistryFailure(kind, redact(printable(text ?? unexpected).trim()), {
    status,
    isTemporary: isTemporary(status),
    retryAfterMilliseconds: retryAfter(headers),
  })
}

/** For servers other than the registry. */
function classifyByStatus(status: number): ClassifyFailure {
  return () => {
    if (status === 401 || status === 400) return 'registry-unauthorized'
    if (status === 403) return 'registry-denied'
    if (status === 407) return 'registry-proxy'
    if (status === 429) return 'registry-busy'
    if (isTemporary(status)) return 'registry-unreachable'
    return 'not-a-registry'
  }
}
