import {setTimeout as sleep} from 'node:timers/promises'
import {KegError} from '../error/keg-error.js'
import {EngineError} from './engine-error.js'

/** How long to wait for an image store's garbage collection, in milliseconds. */
const RETRY_MILLISECONDS = 250
/** How often a step is run at most. */
const MAX_TRIES = 3

/**
 * Runs a step, and again if the image store lost a race with its garbage collection or with the removal of images.
 * @param step safe to repeat
 */
export function retryRace<T>(step: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  return retry(step, isRace, signal)
}

/**
 * The same for a step that sends data; also runs it again if the engine ended the connection: an engine that refuses
 * data while it is sent may close the connection before the reason is read.
 * @param step safe to repeat
 */
export function retrySend<T>(step: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const isDisconnected = (error: unknown): boolean => error instanceof KegError && error.code === 'engine-broke-off'
  return retry(step, (error) => isRace(error) || isDisconnected(error), signal)
}

async function retry<T>(
  step: () => Promise<T>,
  shouldRetry: (error: unknown) => boolean,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await step()
    } catch (error) {
      if (!shouldRetry(error) || tries === MAX_TRIES || signal?.aborted === true) throw error
    }
    await sleep(RETRY_MILLISECONDS)
  }
}

function isRace(error: unknown): boolean {
  return error instanceof EngineError && error.isRace
}
