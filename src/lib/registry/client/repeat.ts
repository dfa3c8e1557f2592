import {isTemporary, retryAfter, type ReadAnswer} from './answer-failure.js'
import {discard, type OpenAnswer} from './connection.js'
import type {Limits} from './limits.js'
import {RegistryFailure} from './registry-failure.js'
import {Retries} from './retries.js'

/**
 * Sends a request again as long as it fails for the moment, and the limits allow it.
 * @returns the last answer, whatever its status
 * @throws the last RegistryFailure; anything else at once; the reason of the signal
 */
export async function repeat<T extends OpenAnswer | ReadAnswer>(
  send: () => Promise<T>,
  {limits, signal}: {readonly limits: Limits; readonly signal: AbortSignal},
): Promise<T> {
  const retries = new Retries(limits, signal)
  for (;;) {
    let answer: T | undefined
    let failure: RegistryFailure | undefined
    try {
      answer = await send()
      if (!isTemporary(answer.status)) return answer
    } catch (error) {
      if (!(error instanceof RegistryFailure) || !error.isTemporary) throw error
      failure = error
    }
    const isLast = !(await retries.next(answer ? retryAfter(answer.headers) : undefined))
    if (isLast && answer !== undefined) return answer
    if (isLast) throw failure ?? new Error('neither an answer nor a failure')
    if (answer !== undefined) await discard(answer)
  }
}
