import {FailedError} from '../error/keg-error.js'
import {formatReference, type Digest} from '../reference/reference.js'
import {combineDigests, digestOfPush} from './digest-message.js'
import {commandLine} from '../terminal/command-line.js'
import {transferImage, type TransferOptions, type TransferWork} from './transfer.js'
import type {EngineWork} from '../engine/engine-work.js'

/** The outcome of a push. */
export interface Pushed {
  readonly digest: Digest
  /** Bytes sent, as TransferProgress counts them. */
  readonly bytes: number
}

/**
 * Pushes the engine's image `reference` (its tag, or `latest` without one) with the user's credentials. The engine retries by
 * itself when a registry fails; meanwhile the note of the progress says so.
 * @throws FailedError `push-unconfirmed`; what transferImage throws.
 */
export async function pushImage(
  work: TransferWork & Pick<EngineWork, 'engine'>,
  options: TransferOptions,
): Promise<Pushed> {
  const {engine, signal} = work
  const {reference} = options
  const {registry, repository, tag = 'latest'} = reference
  return transferImage(work, 'push', options, async (registryAuth, transfer) => {
    let digest: Digest | undefined
    for await (const message of engine.push(`${registry}/${repository}`, tag, registryAuth, signal)) {
      transfer.handle(message)
      digest = combineDigests(digest, digestOfPush(message, tag))
    }
    if (digest === undefined) {
      // A crashing engine may just end its answer.
      await engine.ping()
      throw new FailedError(`The engine did not say that ${formatReference(reference)} arrived in the registry.`, {
        code: 'push-unconfirmed',
        hint: `Push it again with: ${commandLine`docker push ${formatReference(reference)}`}`,
      })
    }
    transfer.finish()
    return {digest, bytes: transfer.bytes}
  })
}
