import {FailedError, MissingError} from '../error/keg-error.js'
import {property} from '../json/json.js'
import {printable} from '../terminal/text.js'
import type {Endpoint} from './endpoint.js'
import {SshEnded, sshLogin} from './ssh-connection.js'

/** The engine answered, and said no. `status` is the HTTP status, 0 where the refusal came inside a stream. */
export class EngineError extends FailedError {
  constructor(
    readonly status: number,
    /** What the engine said, made fit to show. */
    readonly said: string,
    options: {hint?: string; cause?: unknown} = {},
  ) {
    const refusal = NO_ROOM.test(said)
      ? {message: `The engine has no room left: ${said}`, code: 'engine-full', hint: MAKE_ROOM}
      : {message: `The engine refused: ${said}`, code: 'engine-refused'}
    const {message, ...details} = refusal
    super(message, {...details, ...options})
  }

  /** Whether there is no room left where it keeps its data, or where a registry does that it speaks for. */
  get isFull(): boolean {
    return NO_ROOM.test(this.said)
  }
}

/** As Linux has it (ENOSPC, EDQUOT). */
const NO_ROOM = /no space left on device|disk quota exceeded/i
const MAKE_ROOM =
  'Make room where it keeps its data: docker system df shows what takes it, docker system prune removes what nothing uses.'

const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'EACCES',
  'EPERM',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ECONNRESET',
  'EPIPE',
])

/** Turns whatever dockerode threw into an error of keg; an abort comes back as its reason. */
export function engineError(error: unknown, endpoint: Endpoint, signal?: AbortSignal): Error {
  if (signal?.aborted === true && signal.reason instanceof Error) return signal.reason
  if (error instanceof SshEnded && endpoint.kind === 'ssh') return sshError(error, endpoint)
  const code = property(error, 'code')
  if (typeof code === 'string') {
    const tls = tlsError(error, code, endpoint)
    if (tls !== undefined) return tls
    if (CONNECTION_CODES.has(code)) return unreachable(endpoint, code, error)
  }
  const status = property(error, 'statusCode')
  if (typeof status !== 'number')
    return error instanceof Error ? error : new Error('the engine cannot be asked', {cause: error})
  const message = property(property(error, 'json'), 'message')
  // dockerode puts words of its own before what it read from a stream.
  const said = (
    typeof message === 'string' ? message : String(property(error, 'message')).replace(/^\(HTTP code \d+\) .*? - /, '')
  ).trim()
  if (said === 'Client sent an HTTP request to an HTTPS server.' && endpoint.kind === 'tcp')
    return noTls(endpoint, 'it speaks TLS, and was asked without', {
      hint: 'Set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder of ca.pem, cert.pem and key.pem; or use a docker context that has them.',
      cause: error,
    })
  return new EngineError(status, printable(said), {cause: error})
}

function unreachable(endpoint: Endpoint, code: string, cause: unknown): MissingError {
  const where = placeOf(endpoint)
  const denied = code === 'EACCES' || code === 'EPERM'
  return new MissingError(
    denied
      ? `You may not talk to the Docker engine at ${where}.`
      : `No Docker engine answers at ${where} (${endpoint.origin}).`,
    {
      code: denied ? 'engine-denied' : 'engine-unreachable',
      hint: denied
        ? 'Add yourself to the group that owns the socket (usually docker) and log in again.'
        : 'Start the engine, or say where it is with --host, --context, DOCKER_HOST or DOCKER_CONTEXT; https://docs.docker.com/engine/install/ has it.',
      cause,
    },
  )
}

/** The error for an engine that answered before and does not any more. */
export function engineLost(endpoint: Endpoint, cause: unknown): MissingError {
  return new MissingError(`The Docker engine at ${placeOf(endpoint)} went away.`, {
    code: 'engine-lost',
    hint: 'Start it again. What keg had made in it may be left there, and is taken away by: keg doctor --fix',
    cause,
  })
}

/** The error for an engine that is there and ended a connection in the middle. */
export function engineBrokeOff(cause: unknown): FailedError {
  return new FailedError('The engine broke off in the middle of an answer.', {
    code: 'engine-broke-off',
    hint: 'Try again; the log of the engine may say why.',
    cause,
  })
}

/** An endpoint as one may show it. */
export function placeOf(endpoint: Endpoint): string {
  switch (endpoint.kind) {
    case 'socket':
      return printable(endpoint.path)
    case 'tcp':
      return printable(`${endpoint.host}:${endpoint.port}`)
    case 'ssh':
      return printable(`${endpoint.user === undefined ? '' : `${endpoint.user}@`}${endpoint.host}`)
  }
}

function noTls(endpoint: Endpoint, problem: string, {hint, cause}: {hint: string; cause: unknown}): MissingError {
  const message = `The engine at ${placeOf(endpoint)} (${endpoint.origin}) cannot be reached by TLS: ${problem}.`
  return new MissingError(message, {code: 'engine-tls', hint, cause})
}

/** What a certificate is refused for (node, doc/api/tls.md, X509 certificate error codes), with what to do. */
const REFUSED_CERTIFICATES: readonly [RegExp, string, string][] = [
  [
    /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(?:GET_ISSUER_CERT(?:_LOCALLY)?|VERIFY_LEAF_SIGNATURE)|CERT_SIGNATURE_FAILURE|CERT_UNTRUSTED|INVALID_CA)$/,
    'its certificate is not signed by the authority of ca.pem',
    'Take the ca.pem that its certificate was made with.',
  ],
  [/^CERT_HAS_EXPIRED$/, 'its certificate has expired', 'Renew the certificate of the engine.'],
  [/^CERT_NOT_YET_VALID$/, 'its certificate is not valid yet', 'Set the clocks of this machine and of the engine.'],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    'its certificate is for another name',
    'Address the engine by a name that its certificate has, or add this one to the certificate.',
  ],
]

/** Undefined where the error is none of TLS. */
function tlsError(error: unknown, code: string, endpoint: Endpoint): MissingError | undefined {
  for (const [pattern, problem, hint] of REFUSED_CERTIFICATES)
    if (pattern.test(code)) return noTls(endpoint, problem, {hint, cause: error})
  if (!/^(?:ERR_SSL_|EPROTO$)/.test(code)) return undefined
  if (/ALERT/.test(code) || /alert/.test(String(property(error, 'message'))))
    return noTls(endpoint, 'it refuses the certificate of this client', {
      hint: 'It wants a cert.pem and key.pem signed by an authority that it knows, in DOCKER_CERT_PATH or in the docker context.',
      cause: error,
    })
  return noTls(endpoint, 'it does not speak TLS', {
    hint: 'Take the port of the engine that does (mostly 2376), or go without DOCKER_TLS_VERIFY and DOCKER_TLS.',
    cause: error,
  })
}

type SshEndpoint = Extract<Endpoint, {kind: 'ssh'}>

function sshError(cause: SshEnded, endpoint: SshEndpoint): MissingError {
  const {exitCode, isMissing, stderr} = cause.end
  if (isMissing)
    return new MissingError('The program ssh is not on the PATH, and the engine is reached through it.', {
      code: 'program-missing',
      hint: 'Install it (Debian: apt-get install openssh-client), then try again.',
      cause,
    })
  // Warnings come before what counts.
  const said = printable(stderr.trim().split('\n').at(-1)?.trim() ?? '')
  const place = placeOf(endpoint)
  const byHand = `ssh ${sshLogin(endpoint)
    .filter((word) => word !== '--')
    .join(' ')}`
  const [problem, hint] = sshProblem()
  return new MissingError(`${problem}${said === '' ? '.' : `: ${said}`}`, {code: 'engine-unreachable', hint, cause})

  function sshProblem(): [string, string] {
    const origin = `(${endpoint.origin})`
    if (/host key verification failed|host key.*(?:changed|unknown)/i.test(stderr))
      return [
        `ssh does not trust the host ${place} ${origin}`,
        `Connect once by hand, and see that its key is the right one: ${byHand}`,
      ]
    if (/permission denied \(|too many authentication failures/i.test(stderr))
      return [
        `ssh may not log in at ${place} ${origin}`,
        `keg's ssh can ask for nothing: it needs a key that is loaded or has no passphrase. This has to work without a question: ${byHand} docker version`,
      ]
    if (exitCode === 255)
      return [`ssh does not reach ${place} ${origin}`, `See what is wrong with: ${byHand} docker version`]
    if (exitCode === 127)
      return [
        `There is no docker client at ${place} ${origin}`,
        `Install docker there, or put it on the PATH that ssh has there: ${byHand} docker version`,
      ]
    if (/^Usage:\s+docker system|is not a docker command|unknown command/m.test(stderr))
      return [`The docker client at ${place} ${origin} is too old`, 'Update Docker there to 20.10 or newer.']
    return [
      `The docker client at ${place} ${origin} does not reach its engine`,
      `See what is wrong with: ${byHand} docker version`,
    ]
  }
}
