import type {Engine} from '../engine/engine.js'
import {formatReference, type Reference} from '../reference/reference.js'
import {silent, type ProgressListener} from '../terminal/progress.js'
import {formatDuration} from '../terminal/text.js'
import {encodeRegistryAuth, findCredentials} from './credentials.js'
import {isRefusal, registryError} from './registry-error.js'
import {TransferProgress} from './transfer-progress.js'

/** An image that goes over the line between the engine and a registry. */
export interface TransferOptions {
  readonly engine: Engine
  readonly reference: Reference
  /** Where the docker client's configuration and its credential helpers are found. */
  readonly environment: NodeJS.ProcessEnv
  readonly progress?: ProgressListener | undefined
  readonly signal?: AbortSignal | undefined
  /** After how long without a word of the engine the progress says so; engines may wait for ever. */
  readonly quietMilliseconds?: number
}

const QUIET_MILLISECONDS = 20_000

/** One try of a transfer, with what the engine gets as X-Registry-Auth. */
export type Attempt<T> = (registryAuth: string, transfer: TransferProgress) => Promise<T>

/**
 * Does a push or a pull with the user's credentials. Where the registry lets them in and refuses them later on, they are
 * found anew (they or a token made of them may have ended meanwhile) and the transfer is done once more: what arrived is
 * not sent again.
 * @throws FailedError with a code of registry-error.ts; what findCredentials throws; the reason of the signal when that was
 * aborted.
 */
export async function transferImage<T>(
  action: 'push' | 'pull',
  {reference, environment, progress = silent, signal, quietMilliseconds = QUIET_MILLISECONDS}: TransferOptions,
  attempt: Attempt<T>,
): Promise<T> {
  const {registry, repository} = reference
  const stage = `${action === 'push' ? 'Pushing' : 'Pulling'} ${formatReference(reference)}`
  const transfer = new TransferProgress(stage, progress)
  for (let isFirst = true; ; isFirst = false) {
    const credentials = await findCredentials({registry, repository, environment, signal})
    const watch = setInterval(() => {
      const quiet = transfer.quietMilliseconds
      if (quiet >= quietMilliseconds) transfer.note(`no word from the registry for ${formatDuration(quiet)}`)
    }, quietMilliseconds)
    try {
      return await attempt(encodeRegistryAuth(credentials, registry), transfer)
    } catch (error) {
      const failure = registryError(error, {action, reference, credentials, wasLetIn: transfer.isLetIn})
      if (!isFirst || !transfer.isLetIn || !isRefusal(failure)) throw failure
    } finally {
      clearInterval(watch)
    }
    transfer.startAgain('signing in again')
  }
}
