import {property} from '../../json/json.js'
import type {FailureKind} from '../failure-kind.js'
import {printable} from '../../terminal/text.js'
import {RegistryFailure} from './registry-failure.js'

/** A request as it is named in messages. */
export interface RequestName {
  readonly method: string
  readonly address: URL
  /** The proxy that the request goes through. */
  readonly proxy?: URL | undefined
}

/** An error of keg's own about a connection; `code` as in Node's errors. */
export function connectionError(code: string, message: string): Error {
  return Object.assign(new Error(message), {code})
}

type CodePattern = readonly [RegExp, FailureKind, {readonly isTemporary: boolean; readonly text?: string}]

/** Node's error codes (node, doc/api/errors.md and tls.md). */
const CODES: readonly CodePattern[] = [
  [
    /^(?:ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)|EPROTO)$/,
    'registry-insecure',
    {isTemporary: false, text: 'the server does not use TLS'},
  ],
  [/^(?:ERR_SSL_|ERR_TLS_|CERT_|UNABLE_TO_)|SELF_SIGNED|^INVALID_CA$/, 'registry-certificate', {isTemporary: false}],
  [/^ENOTFOUND$/, 'registry-unreachable', {isTemporary: false, text: 'no such host'}],
  [/^ECONNREFUSED$/, 'registry-unreachable', {isTemporary: true, text: 'connection refused'}],
  [/^ETIMEDOUT$/, 'registry-unreachable', {isTemporary: true, text: 'timed out'}],
  [/^(?:EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EHOSTDOWN)$/, 'registry-unreachable', {isTemporary: true}],
  [/^(?:ECONNRESET|EPIPE|ECONNABORTED|ERR_STREAM_PREMATURE_CLOSE)$/, 'registry-broke-off', {isTemporary: true}],
  [/^HPE_/, 'not-a-registry', {isTemporary: false, text: 'the answer is not HTTP, or has too long headers'}],
  [/^KEG_ENDLESS$/, 'not-a-registry', {isTemporary: false}],
]

/** Turns an error of a connection into a failure; returns an error about anything else unchanged. */
export function connectionFailure(error: unknown, request: RequestName): unknown {
  if (error instanceof RegistryFailure) return error
  const code = property(error, 'code')
  const message = error instanceof Error ? error.message : ''
  const {proxy} = request
  if (proxy !== undefined && isProxyFault(error, message)) {
    const status = /^Bad response: (\d+)/.exec(message)?.[1]
    const problem = status === undefined ? message : `it answers ${status}`
    return new RegistryFailure('registry-proxy', nameRequest(request, `the proxy ${proxy.host} failed: ${problem}`), {
      isTemporary: status !== undefined && /^(?:429|50[234])$/.test(status),
      cause: error,
    })
  }
  if (typeof code !== 'string') return error
  const known = CODES.find(([pattern]) => pattern.test(code))
  if (known === undefined) return error
  const [, kind, {isTemporary, text = message}] = known
  return new RegistryFailure(kind, nameRequest(request, text), {isTemporary, cause: error})
}

/** Whether the way to the proxy failed, not the way from it. */
function isProxyFault(error: unknown, message: string): boolean {
  const isConnect = property(error, 'syscall') === 'connect' || property(error, 'syscall') === 'getaddrinfo'
  return isConnect || /^(?:Bad response: |Proxy timeout)/.test(message)
}

/** What happened to a request, as engines word it. The query of an address can grant access, and is left out. */
export function nameRequest({method, address}: RequestName, problem: string): string {
  return printable(`${method} "${address.origin}${address.pathname}": ${problem}`)
}
