import type {Readable} from 'node:stream'
import {setTimeout as sleep} from 'node:timers/promises'
import {MissingError} from '../error/keg-error.js'
import {printable} from '../terminal/text.js'
import type {DockerClient} from './docker-client.js'
import type {Endpoint} from './endpoint.js'
import {engineBrokeOff, engineError, EngineError, engineLost} from './engine-error.js'
import {exportStream} from './export-stream.js'
import {jsonLines} from './json-lines.js'
import type {StreamMessage} from './types.js'

/** How long an engine may take to answer a ping, in milliseconds. */
const PING_TIMEOUT = 10_000

/** How many times to ping an engine that may be going away, and the milliseconds between. */
const MAX_PINGS = 3
const PING_INTERVAL = 300

/**
 * What all requests to an engine go through. Throws EngineError if the engine refuses, MissingError if it is gone, and the
 * signal's reason if that was aborted. The answers have the types of `types.ts`: dockerode's types promise fields that
 * engines leave out.
 */
export interface EngineConnection {
  readonly endpoint: Endpoint
  /** @returns the result of a dockerode call */
  readonly ask: <T>(call: (docker: DockerClient) => Promise<unknown>, signal?: AbortSignal) => Promise<T>
  /** @returns a stream, until it ends or the reader stops */
  readonly bytes: (stream: Readable, signal?: AbortSignal) => AsyncGenerator<Buffer>
  /** @returns an export of images as a stream, like `bytes`; throws an error that the engine sends in place of the rest. */
  readonly exported: (stream: Readable, signal?: AbortSignal) => AsyncGenerator<Buffer>
  /** @returns the engine's messages; throws an error among them. */
  readonly messages: (stream: Readable, signal?: AbortSignal) => AsyncGenerator<StreamMessage>
  /** Checks whether the engine is still there. @throws MissingError `engine-lost` */
  readonly ping: () => Promise<void>
  /** The keg error for a failed request: tells an engine that is gone from a broken connection. */
  readonly explain: (cause: unknown, signal?: AbortSignal) => Promise<Error>
}

/** @param endpoint of an engine that has answered before */
export function engineConnection(docker: DockerClient, endpoint: Endpoint): EngineConnection {
  const isReachable = (): Promise<boolean> =>
    docker.ping({abortSignal: AbortSignal.timeout(PING_TIMEOUT)}).then(
      () => true,
      () => false,
    )

  /** Tells a refusal from the last words of a dying engine, which may still answer for a moment. */
  const explainRefusal = async (refusal: EngineError, signal?: AbortSignal): Promise<Error> => {
    for (let tries = 1; ; tries++) {
      if (signal?.aborted === true && signal.reason instanceof Error) return signal.reason
      if (!(await isReachable())) return engineLost(endpoint, refusal)
      if (!refusal.mayBeShuttingDown || tries === MAX_PINGS) break
      await sleep(PING_INTERVAL)
    }
    return refusal.isInternalConnection ? engineBrokeOff(refusal) : refusal
  }

  /** @param response an error that the engine sent in a stream */
  const explainMessage = (response: string, signal?: AbortSignal): Promise<Error> =>
    explainRefusal(new EngineError(0, printable(response.trim())), signal)

  const explain = async (cause: unknown, signal?: AbortSignal): Promise<Error> => {
    const error = engineError(cause, endpoint, signal)
    if (error instanceof EngineError)
      return error.status >= 500 && error.mayBeShuttingDown ? explainRefusal(error, signal) : error
    if (!(error instanceof MissingError) || error.code !== 'engine-unreachable') return error
    return (await isReachable()) ? engineBrokeOff(cause) : engineLost(endpoint, cause)
  }

  /** Yields the items of a stream; explains its errors. */
  async function* read<T>(stream: Readable, items: AsyncIterable<T>, signal?: AbortSignal): AsyncGenerator<T> {
    try {
      for await (const item of items) yield item
    } catch (error) {
      throw await explain(error, signal)
    } finally {
      stream.destroy()
    }
  }

  return {
    endpoint,
    explain,
    async ask<T>(call: (docker: DockerClient) => Promise<unknown>, signal?: AbortSignal): Promise<T> {
      try {
        return (await call(docker)) as T
      } catch (error) {
        throw await explain(error, signal)
      }
    },
    bytes: (stream, signal) => read(stream, stream as AsyncIterable<Buffer>, signal),
    exported: (stream, signal) =>
      exportStream(read(stream, stream as AsyncIterable<Buffer>, signal), async (response) => {
        throw await explainMessage(response, signal)
      }),
    async *messages(stream, signal) {
      for await (const message of read(stream, jsonLines<StreamMessage>(stream), signal)) {
        const response = message.errorDetail?.message ?? message.error
        if (response !== undefined) throw await explainMessage(response, signal)
        yield message
      }
    },
    async ping() {
      if (!(await isReachable())) throw engineLost(endpoint, undefined)
    },
  }
}

/** The option that makes a call abortable. */
export function abortable(signal: AbortSignal | undefined): {abortSignal?: AbortSignal} {
  return signal === undefined ? {} : {abortSignal: signal}
}

/** A request that dockerode has no suitable call for (docs/decisions, 14). */
export interface RawRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: object
  /** The value of X-Registry-Auth. */
  readonly registryAuth?: string
  /** The only status that is not an error; default: 200. */
  readonly expect?: number
  /** Whether to stream the answer; otherwise it is JSON. */
  readonly isStream?: boolean
}

/** Sends such a request through dockerode's modem. */
export function send(
  {modem}: DockerClient,
  {body = {}, expect = 200, isStream = false, method, path, query = {}, registryAuth}: RawRequest,
  signal?: AbortSignal,
): Promise<unknown> {
  const parameters = Object.entries(query).filter(([, value]) => value !== undefined && value !== false)
  const options = {
    method,
    path: `${path}${parameters.length > 0 ? '?' : ''}`,
    options: {_query: Object.fromEntries(parameters), _body: body},
    statusCodes: {[expect]: true},
    isStream,
    ...(registryAuth !== undefined && {authconfig: {key: registryAuth}}),
    ...abortable(signal),
  }
  return new Promise((resolve, reject) => {
    modem.dial(options, (error, answer) => (error ? reject(error) : resolve(answer)))
  })
}

/** @returns the answer; undefined if the engine answers with one of these statuses. */
export async function unlessStatus<T>(statuses: readonly number[], request: Promise<T>): Promise<T | undefined> {
  try {
    return await request
  } catch (error) {
    if (error instanceof EngineError && statuses.includes(error.status)) return undefined
    throw error
  }
}
