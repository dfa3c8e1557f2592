import {once} from 'node:events'
import {
  request as httpRequest,
  type Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http'
import {request as httpsRequest} from 'node:https'
import {connectionError} from './connection-failure.js'
import type {Limits} from './limits.js'
import {readAnswer, within} from './read-answer.js'

/** The content of a request. */
export interface RequestBody {
  /** Undefined if it is only known at the end. */
  readonly length: number | undefined
  /** Whether `chunks` can be called again. */
  readonly isRepeatable: boolean
  /** All bytes, from the start. */
  chunks(): AsyncIterable<Buffer> | Iterable<Buffer>
  /** Called with the number of bytes whenever some have been sent. */
  sent?(bytes: number): void
}

/** A way to a server. */
export interface Route {
  readonly agent: Agent
  /** A proxy that is asked for the whole address. Connections through TLS have their proxy in the agent. */
  readonly proxy?: URL | undefined
}

export interface HttpRequest {
  readonly method: string
  readonly address: URL
  readonly headers: OutgoingHttpHeaders
  readonly body?: RequestBody | undefined
  readonly limits: Limits
  /** Until an answer begins. */
  readonly answerMilliseconds: number
  readonly signal: AbortSignal
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Can be read once. Leaving it early ends the connection. */
  readonly body: AsyncIterable<Buffer>
}

/** Bytes that are written at once, so that it shows that they move. */
const WRITE_BYTES = 65_536

/**
 * Sends one request and waits for the start of its answer; it may come before everything is sent. No redirects, no retries.
 * @throws errors of Node with their `code`; ETIMEDOUT if a limit is exceeded; what the body throws; the reason of the signal
 */
export async function exchange(request: HttpRequest, route: Route): Promise<HttpAnswer> {
  const {answerMilliseconds, body, limits, signal} = request
  signal.throwIfAborted()
  const outgoing = open(request, route)
  // Errors can come at any time until the connection is closed, also after the answer.
  outgoing.on('error', () => undefined)
  let isAnswered = false
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', (incoming) => {
      isAnswered = true
      resolve(incoming)
    })
    outgoing.once('error', reject)
    outgoing.once('close', () => reject(connectionError('ECONNRESET', 'connection closed')))
  })
  answer.catch(() => undefined)
  limitConnecting(outgoing, request)
  try {
    await send(outgoing, body, {answer, isAnswered: () => isAnswered, limits})
    const incoming = await within(answerMilliseconds, answer)
    return {
      status: incoming.statusCode ?? 0,
      headers: incoming.headers,
      body: readAnswer(incoming, outgoing, {idleMilliseconds: limits.idleMilliseconds, signal}),
    }
  } catch (error) {
    outgoing.destroy()
    signal.throwIfAborted()
    throw error
  }
}

function open({address, body, headers, limits, method, signal}: HttpRequest, {agent, proxy}: Route): ClientRequest {
  const isSecure = address.protocol === 'https:'
  const length = body === undefined ? (/^(?:POST|PUT|PATCH)$/.test(method) ? 0 : undefined) : body.length
  const options = {
    method,
    agent,
    signal,
    headers: {...headers, ...(length !== undefined && {'content-length': length})},
    // For the agent's own request to a proxy.
    timeout: limits.connectMilliseconds,
  }
  if (isSecure || proxy === undefined) return (isSecure ? httpsRequest : httpRequest)(address, options)
  const {hostname, password, port, username} = proxy
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
  const isSecureProxy = proxy.protocol === 'https:'
  return (isSecureProxy ? httpsRequest : httpRequest)({
    ...options,
    host: hostname,
    port: port === '' ? (isSecureProxy ? 443 : 80) : Number(port),
    path: address.href,
    headers: {
      ...options.headers,
      host: address.host,
      ...(username !== '' && {'proxy-authorization': `Basic ${login}`}),
    },
  })
}

function limitConnecting(outgoing: ClientRequest, {address, limits}: HttpRequest): void {
  const giveUp = (): unknown => outgoing.destroy(connectionError('ETIMEDOUT', 'no connection in time'))
  const timer = setTimeout(giveUp, limits.connectMilliseconds)
  const connected = (): void => clearTimeout(timer)
  for (const event of ['finish', 'response', 'close']) outgoing.once(event, connected)
  outgoing.once('socket', (socket) => {
    if (outgoing.reusedSocket || (address.protocol === 'http:' && !socket.connecting)) connected()
    else socket.once(address.protocol === 'https:' ? 'secureConnect' : 'connect', connected)
  })
}

interface Sending {
  readonly answer: Promise<IncomingMessage>
  readonly isAnswered: () => boolean
  readonly limits: Limits
}

/** Sends the body until all is sent or the answer is there. The limit is for the network: the source may take its time. */
async function send(outgoing: ClientRequest, body: RequestBody | undefined, sending: Sending): Promise<void> {
  const source = body === undefined ? undefined : iteratorOf(body.chunks())
  let isAtEnd = source === undefined
  const answered = sending.answer.then(() => undefined)
  answered.catch(() => undefined)
  try {
    while (source !== undefined) {
      const next = await Promise.race([source.next(), answered])
      if (next === undefined) return
      isAtEnd = next.done === true
      if (next.done === true) break
      const chunk = next.value
      for (let start = 0; start < chunk.length; start += WRITE_BYTES) {
        const part = chunk.subarray(start, start + WRITE_BYTES)
        if (!(await write(outgoing, part, sending))) return
        body?.sent?.(part.length)
      }
    }
  } finally {
    // Not awaited: a source that is still waiting for its next bytes ends later.
    if (!isAtEnd) Promise.resolve(source?.return?.()).catch(() => undefined)
  }
  outgoing.end()
}

function iteratorOf(chunks: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncIterator<Buffer> | Iterator<Buffer> {
  return Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]()
}

/** @returns whether to go on */
async function write(outgoing: ClientRequest, part: Buffer, {answer, isAnswered, limits}: Sending): Promise<boolean> {
  if (isAnswered()) return false
  if (outgoing.destroyed) {
    await answer
    return false
  }
  if (!outgoing.write(part)) await within(limits.idleMilliseconds, Promise.race([drained(outgoing), answer]))
  return true
}

async function drained(outgoing: ClientRequest): Promise<void> {
  const controller = new AbortController()
  const end = (): void => controller.abort()
  outgoing.once('close', end)
  try {
    await once(outgoing, 'drain', {signal: controller.signal})
  } catch {
    // The promise of the answer has the reason.
  } finally {
    outgoing.off('close', end)
  }
}
