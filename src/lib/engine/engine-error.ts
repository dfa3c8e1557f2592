import {FailedError, MissingError} from '../error/keg-error.js'
import {property} from '../json/json.js'
import {commandLine} from '../terminal/command-line.js'
import {printable} from '../terminal/text.js'
import type {Endpoint} from './endpoint.js'
import {SshEnded, sshLogin} from './ssh-connection.js'

/** The engine refused a request. `status` is the HTTP status, or 0 if the refusal came inside a stream. */
export class EngineError extends FailedError {
  constructor(
    readonly status: number,
    /** The engine's message, made printable. */
    readonly response: string,
    options: {hint?: string; cause?: unknown} = {},
  ) {
    const refusal = NO_SPACE.test(response)
      ? {message: `The engine has no space left: ${response}`, code: 'engine-full', hint: freeSpaceHint()}
      : {message: `The engine refused the request: ${response}`, code: 'engine-refused'}
    const {message, ...details} = refusal
    super(message, {...details, ...options})
  }

  /** Whether the engine, or a registry it talks to, has no space left. */
  get isFull(): boolean {
    return NO_SPACE.test(this.response)
  }

  /** Whether one of the engine's own connections broke, to containerd or BuildKit: not one to a registry. */
  get isInternalConnection(): boolean {
    return INTERNAL_CONNECTION.test(this.response) && !SHIM_CONNECTION.test(this.response)
  }

  /** Whether this may be the last message of a dying engine. */
  get mayBeShuttingDown(): boolean {
    return [INTERNAL_CONNECTION, SHIM_CONNECTION, BROKEN_CONNECTION].some((connection) =>
      connection.test(this.response),
    )
  }

  /** Whether runc could not freeze all processes of a container in time; they keep running then. */
  get isFreezeTimeout(): boolean {
    return /unable to freeze/.test(this.response)
  }
}

/** An engine connects to its own parts through sockets (the rest are messages of grpc). */
const INTERNAL_CONNECTION =
  /\b(?:read|write|dial) unix\b|(?:containerd|buildkitd?|docker)\.sock\b|transport is closing|code = Unavailable|error reading from server|(?:daemon|server) is shutting down/i

/**
 * The connection to a container's shim, which ends with the container: a request about a container that is just ending fails
 * this way (containerd's ttrpc; shims listen at `/run/containerd/s/SHA256`).
 */
const SHIM_CONNECTION = /\bttrpc: closed\b|\/containerd\/s\/[0-9a-f]+|\bcontainerd-shim\b/i

const BROKEN_CONNECTION =
  /\bEOF\b|connection (?:reset|refused|aborted)|broken pipe|use of closed network|context canceled|already closed/i

/** The texts of Linux (ENOSPC, EDQUOT). */
const NO_SPACE = /no space left on device|disk quota exceeded/i

function freeSpaceHint(): string {
  return `Free some space where it keeps its data: ${commandLine`docker system df`} shows what uses it, ${commandLine`docker system prune`} removes unused data.`
}

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

/** Turns whatever dockerode threw into an error of keg; after an abort, returns its reason. */
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
  // dockerode puts its own words before what it read from a stream.
  const response = (
    typeof message === 'string' ? message : String(property(error, 'message')).replace(/^\(HTTP code \d+\) .*? - /, '')
  ).trim()
  if (response === 'Client sent an HTTP request to an HTTPS server.' && endpoint.kind === 'tcp')
    return tlsFailure(endpoint, 'it uses TLS, and was asked without', {
      hint: 'Set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder of ca.pem, cert.pem and key.pem; or use a docker context that has them.',
      cause: error,
    })
  // The answer to a HEAD request has no text.
  return new EngineError(status, printable(response) || `status ${status}`, {cause: error})
}

function unreachable(endpoint: Endpoint, code: string, cause: unknown): MissingError {
  const where = endpointText(endpoint)
  const denied = code === 'EACCES' || code === 'EPERM'
  return new MissingError(
    denied
      ? `Permission denied for the Docker engine at ${where}.`
      : `Cannot connect to the Docker engine at ${where} (${endpoint.origin}).`,
    {
      code: denied ? 'engine-denied' : 'engine-unreachable',
      hint: denied
        ? 'Add yourself to the group that owns the socket (usually docker) and log in again.'
        : 'Start the engine, or set where it is with --host, --context, DOCKER_HOST or DOCKER_CONTEXT. To install it, see https://docs.docker.com/engine/install/',
      cause,
    },
  )
}

/** The error for an engine that answered before and no longer does. */
export function engineLost(endpoint: Endpoint, cause: unknown): MissingError {
  return new MissingError(`The Docker engine at ${endpointText(endpoint)} went away.`, {
    code: 'engine-lost',
    hint: `Start it again. What keg created in it may be left there. Remove it with: ${commandLine`keg doctor --fix`}`,
    cause,
  })
}

/** The error for an engine that is there but ended a connection early. */
export function engineBrokeOff(cause: unknown): FailedError {
  return new FailedError('The engine ended in the middle of an answer.', {
    code: 'engine-broke-off',
    hint: 'Try again. The log of the engine may say why.',
    cause,
  })
}

/** An endpoint as text for the user. */
export function endpointText(endpoint: Endpoint): string {
  switch (endpoint.kind) {
    case 'socket':
      return printable(endpoint.path)
    case 'tcp':
      return printable(`${endpoint.host}:${endpoint.port}`)
    case 'ssh':
      return printable(`${endpoint.user === undefined ? '' : `${endpoint.user}@`}${endpoint.host}`)
  }
}

function tlsFailure(endpoint: Endpoint, problem: string, {hint, cause}: {hint: string; cause: unknown}): MissingError {
  const message = `The engine at ${endpointText(endpoint)} (${endpoint.origin}) cannot be reached with TLS: ${problem}.`
  return new MissingError(message, {code: 'engine-tls', hint, cause})
}

/** Why a certificate is refused (node, doc/api/tls.md, X509 certificate error codes), and what to do. */
const REFUSED_CERTIFICATES: readonly [RegExp, string, string][] = [
  [
    /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(?:GET_ISSUER_CERT(?:_LOCALLY)?|VERIFY_LEAF_SIGNATURE)|CERT_SIGNATURE_FAILURE|CERT_UNTRUSTED|INVALID_CA)$/,
    'its certificate is not signed by the authority of ca.pem',
    'Use the ca.pem that its certificate was signed with.',
  ],
  [/^CERT_HAS_EXPIRED$/, 'its certificate has expired', 'Renew the certificate of the engine.'],
  [/^CERT_NOT_YET_VALID$/, 'its certificate is not valid yet', 'Check the clocks of this machine and of the engine.'],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    'its certificate is for another name',
    'Address the engine by a name that its certificate has, or add this one to the certificate.',
  ],
]

/** Undefined if the error is not about TLS. */
function tlsError(error: unknown, code: string, endpoint: Endpoint): MissingError | undefined {
  for (const [pattern, problem, hint] of REFUSED_CERTIFICATES)
    if (pattern.test(code)) return tlsFailure(endpoint, problem, {hint, cause: error})
  if (!/^(?:ERR_SSL_|EPROTO$)/.test(code)) return undefined
  if (/ALERT/.test(code) || /alert/.test(String(property(error, 'message'))))
    return tlsFailure(endpoint, 'it refuses the certificate of this client', {
      hint: 'It requires a cert.pem and key.pem signed by an authority that it trusts, in DOCKER_CERT_PATH or in the docker context.',
      cause: error,
    })
  return tlsFailure(endpoint, 'it does not use TLS', {
    hint: 'Use the port of the engine that does (usually 2376), or unset DOCKER_TLS_VERIFY and DOCKER_TLS.',
    cause: error,
  })
}

type SshEndpoint = Extract<Endpoint, {kind: 'ssh'}>

function sshError(cause: SshEnded, endpoint: SshEndpoint): MissingError {
  const {exitCode, isMissing, stderr} = cause.end
  if (isMissing)
    return new MissingError('The program ssh is not on the PATH, and keg needs it to connect to the engine.', {
      code: 'program-missing',
      hint: 'Install it (Debian: apt-get install openssh-client), then try again.',
      cause,
    })
  // Warnings come before the error.
  const response = printable(stderr.trim().split('\n').at(-1)?.trim() ?? '')
  const place = endpointText(endpoint)
  const login = sshLogin(endpoint).filter((word) => word !== '--')
  const [problem, hint] = sshProblem()
  return new MissingError(`${problem}${response === '' ? '.' : `: ${response}`}`, {
    code: 'engine-unreachable',
    hint,
    cause,
  })

  function sshProblem(): [string, string] {
    const origin = `(${endpoint.origin})`
    if (/host key verification failed|host key.*(?:changed|unknown)/i.test(stderr))
      return [
        `ssh does not trust the host ${place} ${origin}`,
        `Connect once by hand, and check its key: ${commandLine`ssh ${login}`}`,
      ]
    if (/permission denied \(|too many authentication failures/i.test(stderr))
      return [
        `ssh cannot log in to ${place} ${origin}`,
        `keg's ssh cannot ask anything: it needs a key that is loaded or has no passphrase. This must work without a question: ${commandLine`ssh ${login} docker version`}`,
      ]
    if (exitCode === 255)
      return [
        `ssh cannot connect to ${place} ${origin}`,
        `See what is wrong with: ${commandLine`ssh ${login} docker version`}`,
      ]
    if (exitCode === 127)
      return [
        `There is no docker client at ${place} ${origin}`,
        `Install docker there, or put it on the PATH that ssh has there: ${commandLine`ssh ${login} docker version`}`,
      ]
    if (/^Usage:\s+docker system|is not a docker command|unknown command/m.test(stderr))
      return [`The docker client at ${place} ${origin} is too old`, 'Update Docker there to 20.10 or newer.']
    return [
      `The docker client at ${place} ${origin} cannot connect to its engine`,
      `See what is wrong with: ${commandLine`ssh ${login} docker version`}`,
    ]
  }
}
