import type {Digest} from '../reference/reference.js'
import {agreed, digestOfPull} from './digest-message.js'
import {transferImage, type TransferOptions} from './transfer.js'

/**
 * Pulls `reference` into the engine (its digest, else its tag, else `latest`) with the user's credentials.
 * @returns the digest of the image in its registry, where the engine names it.
 * @throws what transferImage throws (isUnreachable tells those errors after which a local image may serve).
 */
export async function pullImage(options: TransferOptions): Promise<{readonly digest: Digest | undefined}> {
  const {engine, reference, signal} = options
  const {registry, repository} = reference
  const wanted = reference.digest ?? reference.tag ?? 'latest'
  return transferImage('pull', options, async (registryAuth, transfer) => {
    let digest: Digest | undefined
    for await (const message of engine.pull(`${registry}/${repository}`, wanted, registryAuth, signal)) {
      transfer.take(message)
      digest = agreed(digest, digestOfPull(message))
    }
    transfer.finish()
    return {digest}
  })
}
