import {FailedError, MissingError} from '../error/keg-error.js'
import {property} from '../json/json.js'
import {printable} from '../terminal/text.js'
import type {Endpoint} from './endpoint.js'

/** The engine answered, and said no. `status` is the HTTP status, 0 where the refusal came inside a stream. */
export class EngineError extends FailedError {
  constructor(
    readonly status: number,
    /** What the engine said, made fit to show. */
    readonly said: string,
    options: {hint?: string; cause?: unknown} = {},
  ) {
    super(`The engine refused: ${said}`, {code: 'engine-refused', ...options})
  }
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
])

/** Turns whatever dockerode threw into an error of keg; an abort comes back as its reason. */
export function engineError(error: unknown, endpoint: Endpoint, signal?: AbortSignal): Error {
  if (signal?.aborted === true && signal.reason instanceof Error) return signal.reason
  const code = property(error, 'code')
  if (typeof code === 'string' && CONNECTION_CODES.has(code)) return unreachable(endpoint, code, error)
  const status = property(error, 'statusCode')
  if (typeof status !== 'number')
    return error instanceof Error ? error : new Error('the engine cannot be asked', {cause: error})
  const message = property(property(error, 'json'), 'message')
  // dockerode puts words of its own before what it read from a stream.
  const said =
    typeof message === 'string' ? message : String(property(error, 'message')).replace(/^\(HTTP code \d+\) .*? - /, '')
  return new EngineError(status, printable(said.trim()), {cause: error})
}

function unreachable(endpoint: Endpoint, code: string, cause: unknown): MissingError {
  const where = endpoint.kind === 'socket' ? endpoint.path : `${endpoint.host}:${endpoint.port}`
  const denied = code === 'EACCES' || code === 'EPERM'
  return new MissingError(
    denied
      ? `You may not talk to the Docker engine at ${printable(where)}.`
      : `No Docker engine answers at ${printable(where)} (${endpoint.origin}).`,
    {
      code: denied ? 'engine-denied' : 'engine-unreachable',
      hint: denied
        ? 'Add yourself to the group that owns the socket (usually docker) and log in again.'
        : 'Start the engine, or say where it is with DOCKER_HOST or DOCKER_CONTEXT; https://docs.docker.com/engine/install/ has it.',
      cause,
    },
  )
}
