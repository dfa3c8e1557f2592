import {formatReference, type Reference} from '../reference/reference.js'
import {silent} from '../terminal/progress.js'
import {formatDuration} from '../terminal/text.js'
import {encodeRegistryAuth, findCredentials} from './credentials.js'
import {isRefusal, registryError} from './registry-error.js'
import {TransferProgress} from './transfer-progress.js'
import type {Work} from '../work/work.js'

/** An image that is transferred between the engine and a registry. */
export interface TransferOptions {
  readonly reference: Reference
  /** After how long without a message from the engine to say so; engines may wait forever. */
  readonly quietMilliseconds?: number
}

/** What transfers need. */
export type TransferWork = Pick<Work, 'environment'> & Partial<Pick<Work, 'progress' | 'signal'>>

const QUIET_MILLISECONDS = 20_000

/** One try of a transfer, with the engine's X-Registry-Auth. */
export type Attempt<T> = (registryAuth: string, transfer: TransferProgress) => Promise<T>

/**
 * Does a push or a pull with the user's credentials. If the registry accepts them and refuses them later on, they are read again
 * (they, or a token made from them, may have expired) and the transfer is repeated once: what arrived is not sent again.
 * @throws FailedError with a code of registry-error.ts; what findCredentials throws; the reason of the signal if that was
 * aborted.
 */
export async function transferImage<T>(
  work: TransferWork,
  action: 'push' | 'pull',
  {reference, quietMilliseconds = QUIET_MILLISECONDS}: TransferOptions,
  attempt: Attempt<T>,
): Promise<T> {
  const {registry, repository} = reference
  const stage = `${action === 'push' ? 'Pushing' : 'Pulling'} ${formatReference(reference)}`
  const transfer = new TransferProgress(stage, work.progress ?? silent)
  for (let isFirst = true; ; isFirst = false) {
    const credentials = await findCredentials(work, {registry, repository})
    const watch = setInterval(() => {
      const quiet = transfer.quietMilliseconds
      if (quiet >= quietMilliseconds) transfer.note(`no word from the registry for ${formatDuration(quiet)}`)
    }, quietMilliseconds)
    try {
      return await attempt(encodeRegistryAuth(credentials, registry), transfer)
    } catch (error) {
      const failure = registryError(error, {action, reference, credentials, wasAccepted: transfer.isAccepted})
      if (!isFirst || !transfer.isAccepted || !isRefusal(failure)) throw failure
    } finally {
      clearInterval(watch)
    }
    transfer.restart('signing in again')
  }
}
