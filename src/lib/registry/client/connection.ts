import {connectionFailure} from './connection-failure.js'
import type {ReadAnswer} from './answer-failure.js'
import {exchange, type HttpAnswer, type RequestBody} from './http-exchange.js'
import type {Limits} from './limits.js'
import {readAll} from './read-answer.js'
import type {Routes} from './routes.js'

/** A request to any server. */
export interface ServerRequest {
  readonly method: string
  readonly address: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: RequestBody | undefined
  /** Until an answer begins; default: that of the limits. */
  readonly answerMilliseconds?: number | undefined
  /** Ends it; default: that of the connection. */
  readonly signal?: AbortSignal | undefined
}

/** An answer whose body is still to be read. */
export type OpenAnswer = HttpAnswer & Pick<ReadAnswer, 'address' | 'method'>

/** Larger than any manifest or configuration of an image (distribution-spec: manifests up to 4 MiB). */
const MAX_BODY_BYTES = 8_000_000

/** An answer that nobody needs is read so far, so that the next request can use its connection; then the connection is ended. */
const MAX_DISCARDED_BYTES = 100_000

/** Sends requests to servers, each once and as it is; what fails on the way is a RegistryFailure. */
export class Connection {
  constructor(
    private readonly routes: Routes,
    readonly limits: Limits,
    readonly signal: AbortSignal,
  ) {}

  /** @throws RegistryFailure; what the body throws; the reason of the signal */
  async open({answerMilliseconds, headers, ...request}: ServerRequest): Promise<OpenAnswer> {
    const {limits} = this
    const {address, method, signal = this.signal} = request
    const {proxy, ...route} = await this.routes.to(address)
    const all = {'user-agent': 'keg', ...headers}
    const milliseconds = answerMilliseconds ?? limits.answerMilliseconds
    try {
      const sent = {...request, headers: all, answerMilliseconds: milliseconds, limits, signal}
      return {method, address, ...(await exchange(sent, {...route, proxy}))}
    } catch (error) {
      signal.throwIfAborted()
      throw connectionFailure(error, {method, address, proxy})
    }
  }

  /** Reads the whole body of an answer. @throws as `open` */
  async read({body, ...answer}: OpenAnswer, maxBytes = MAX_BODY_BYTES): Promise<ReadAnswer> {
    try {
      return {...answer, body: await readAll(body, maxBytes)}
    } catch (error) {
      this.signal.throwIfAborted()
      throw connectionFailure(error, answer)
    }
  }
}

/** Ends an answer that nobody needs. */
export async function discard({body}: Pick<OpenAnswer, 'body'> | ReadAnswer): Promise<void> {
  if (!Buffer.isBuffer(body)) await readAll(body, MAX_DISCARDED_BYTES).catch(() => undefined)
}
