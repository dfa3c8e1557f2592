import type {ClientRequest, IncomingMessage} from 'node:http'
import {connectionError} from './connection-failure.js'

/** Limits of reading one answer. */
export interface ReadLimits {
  /** How long nothing may arrive. */
  readonly idleMilliseconds: number
  readonly signal: AbortSignal
}

/** A server that sends less than this in the idle time is taken for stuck, so that it cannot hold keg byte by byte. */
const MIN_BYTES = 1024

/** @throws an error with the code ETIMEDOUT if the work takes longer */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(connectionError('ETIMEDOUT', 'no answer in time')), milliseconds)
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * The body of an answer as it arrives. The time that the reader takes does not count.
 * @throws errors of Node with their `code`; ETIMEDOUT if too little arrives; the reason of the signal
 */
export async function* readAnswer(
  incoming: IncomingMessage,
  outgoing: ClientRequest,
  {idleMilliseconds, signal}: ReadLimits,
): AsyncGenerator<Buffer> {
  const chunks = incoming[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let waited = 0
  let bytes = 0
  try {
    for (;;) {
      const startedAt = performance.now()
      const next = await within(Math.max(1, idleMilliseconds - waited), chunks.next())
      if (next.done === true) break
      waited += performance.now() - startedAt
      bytes += next.value.length
      if (bytes >= MIN_BYTES) waited = bytes = 0
      yield next.value
    }
    if (!incoming.complete) throw connectionError('ECONNRESET', 'the answer ended too early')
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    // A request that was answered before it was sent cannot share its connection with the next one.
    if (!incoming.complete || !outgoing.writableFinished) outgoing.destroy()
  }
}

/**
 * Reads an answer completely.
 * @throws an error with the code KEG_ENDLESS if it has more bytes than allowed
 */
export async function readAll(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > maxBytes) throw connectionError('KEG_ENDLESS', 'the answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
