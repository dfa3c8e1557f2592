import {parseJson, property} from '../../json/json.js'
import type {Credentials} from '../model.js'
import {answerFailure, type ReadAnswer} from './answer-failure.js'
import type {Challenge} from './challenge.js'
import {RegistryFailure} from './registry-failure.js'

/** A token for some scopes of a registry. */
export interface Token {
  readonly text: string
  /** When it ends, by the clock of `performance.now()`. */
  readonly endsAt: number
  /** Replaces the identity token that it was got with. */
  readonly identityToken: string | undefined
}

/** A request to a token server. */
export interface TokenRequest {
  readonly method: 'GET' | 'POST'
  readonly address: URL
  readonly headers: Record<string, string>
  readonly form: URLSearchParams | undefined
}

/** What a token without `expires_in` is valid for, by the specification. */
const DEFAULT_SECONDS = 60

/** No token is trusted for longer. */
const MAX_SECONDS = 86_400

/** As sent in a header. */
const TOKEN = /^[\x21-\x7e]{1,12000}$/

/**
 * How to ask for a token (https://distribution.github.io/distribution/spec/auth/token/ and .../oauth/): with a password or
 * anonymously by GET, with an identity token by a form.
 * @throws RegistryFailure `not-a-registry` if the realm is no address, `registry-insecure` if it has no TLS and the registry has
 */
export function tokenRequest(
  challenge: Extract<Challenge, {kind: 'bearer'}>,
  scopes: readonly string[],
  {credentials, isSecure}: {readonly credentials: Credentials; readonly isSecure: boolean},
): TokenRequest {
  const {realm, service} = challenge
  if (!URL.canParse(realm)) throw new RegistryFailure('not-a-registry', 'the registry names no valid token server')
  const address = new URL(realm)
  if (address.protocol !== 'https:' && (isSecure || address.protocol !== 'http:'))
    throw new RegistryFailure('registry-insecure', `the token server "${address.origin}" does not use TLS`)
  if (address.username !== '' || address.password !== '')
    throw new RegistryFailure('not-a-registry', 'the address of the token server has a password in it')
  if (credentials.kind === 'token') {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: credentials.identityToken,
      client_id: 'keg',
      ...(service !== undefined && {service}),
      scope: scopes.join(' '),
    })
    return {method: 'POST', address, headers: {'content-type': 'application/x-www-form-urlencoded'}, form}
  }
  if (service !== undefined) address.searchParams.set('service', service)
  for (const scope of scopes) address.searchParams.append('scope', scope)
  const headers: Record<string, string> = credentials.kind === 'password' ? {authorization: basic(credentials)} : {}
  return {method: 'GET', address, headers, form: undefined}
}

/** The header for a password. */
export function basic({secret, username}: Extract<Credentials, {kind: 'password'}>): string {
  return `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`
}

/**
 * The token in a server's answer. Its age is taken from the server's own clock, which may differ from keg's.
 * @param redact removes credentials from a server's message
 * @throws RegistryFailure
 */
export function readToken(answer: ReadAnswer, redact: (text: string) => string): Token {
  if (answer.status !== 200) throw answerFailure(answer, {redact})
  const content = parseJson(answer.body.toString('utf8'))
  const text = property(content, 'token') ?? property(content, 'access_token')
  if (typeof text !== 'string' || !TOKEN.test(text))
    throw new RegistryFailure('not-a-registry', `the token server "${answer.address.origin}" gave no token`)
  const seconds = property(content, 'expires_in')
  const issuedAt = Date.parse(String(property(content, 'issued_at')))
  const serverTime = Date.parse(answer.headers.date ?? '')
  const age = Math.max(0, (serverTime - issuedAt) / 1000) || 0
  const lifetime = typeof seconds === 'number' && seconds > 0 ? Math.min(seconds, MAX_SECONDS) : DEFAULT_SECONDS
  const refreshed = property(content, 'refresh_token')
  return {
    text,
    endsAt: performance.now() + (lifetime - age) * 1000,
    identityToken: typeof refreshed === 'string' && TOKEN.test(refreshed) ? refreshed : undefined,
  }
}
