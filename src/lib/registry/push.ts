import {FailedError} from '../error/keg-error.js'
import {formatReference, type Digest} from '../reference/reference.js'
import {agreed, digestOfPush} from './digest-message.js'
import {transferImage, type TransferOptions} from './transfer.js'

/** What a push came to. */
export interface Pushed {
  readonly digest: Digest
  /** Bytes sent, as TransferProgress counts them. */
  readonly bytes: number
}

/**
 * Pushes the image that the engine has under `reference` (its tag, `latest` where it has none) with the user's credentials.
 * The engine tries again by itself when a registry falters; until it does, the note of the progress says so.
 * @throws FailedError `push-unconfirmed`; what transferImage throws.
 */
export async function pushImage(options: TransferOptions): Promise<Pushed> {
  const {engine, reference, signal} = options
  const {registry, repository, tag = 'latest'} = reference
  return transferImage('push', options, async (registryAuth, transfer) => {
    let digest: Digest | undefined
    for await (const message of engine.push(`${registry}/${repository}`, tag, registryAuth, signal)) {
      transfer.take(message)
      digest = agreed(digest, digestOfPush(message, tag))
    }
    if (digest === undefined)
      throw new FailedError(`The engine did not say that ${formatReference(reference)} arrived in the registry.`, {
        code: 'push-unconfirmed',
        hint: `Push it again with: docker push ${formatReference(reference)}`,
      })
    transfer.finish()
    return {digest, bytes: transfer.bytes}
  })
}
