import {setTimeout as sleep} from 'node:timers/promises'
import {KegError} from '../error/keg-error.js'

/** How long to wait for an image store's garbage collection, in milliseconds. */
const RETRY_MILLISECONDS = 250
/** How often a step is run at most. */
const MAX_TRIES = 3

/**
 * What containerd stores say if garbage is collected between two of their steps (containerd/containerd#2382, #3051, #3369, #3787;
 * moby/moby#45282; moby/buildkit#6521), and what the classic builder says on them if an image that it found in its cache is
 * removed before it reads it (`GetCache` in moby's daemon/containerd/cache.go).
 */
const STORE_RACE =
  /parent snapshot \S+ does not exist|missing parent "?\S+ bucket: not found|failed to stat parent\b|\bsnapshot \S+(?: does not exist)?: not found|lease "?\S+: not found|content (?:digest )?"?sha256:\w+"?: not found|target snapshot \S+ already exists|unable to find image "?sha256:\w+/i

/**
 * Runs a step, and again if the image store lost a race with its garbage collection or with the removal of images: whether the engine said
 * so to keg, or to a program that keg ran.
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

/** Whether an image store lost a race, by what the engine said. */
export function isStoreRace(message: string): boolean {
  return STORE_RACE.test(message)
}

function isRace(error: unknown): boolean {
  return error instanceof KegError && isStoreRace(error.message)
}
