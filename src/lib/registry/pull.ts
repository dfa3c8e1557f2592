import {retryRace} from '../engine/retry.js'
import type {Digest} from '../reference/reference.js'
import {combineDigests, digestOfPull} from './digest-message.js'
import {transferImage, type TransferOptions, type TransferWork} from './transfer.js'
import type {EngineWork} from '../engine/engine-work.js'

/**
 * Pulls `reference` into the engine (its digest, else its tag, else `latest`) with the user's credentials.
 * @returns the digest of the image in its registry, if the engine reports it.
 * @throws what transferImage throws (for isUnreachable errors, a local image may be used instead).
 */
export async function pullImage(
  work: TransferWork & Pick<EngineWork, 'engine'>,
  options: TransferOptions,
): Promise<{readonly digest: Digest | undefined}> {
  const {engine, signal} = work
  const {reference} = options
  const {registry, repository} = reference
  const wanted = reference.digest ?? reference.tag ?? 'latest'
  return transferImage(work, 'pull', options, async (registryAuth, transfer) => {
    let digest: Digest | undefined
    await retryRace(async () => {
      for await (const message of engine.pull(`${registry}/${repository}`, wanted, registryAuth, signal)) {
        transfer.handle(message)
        digest = combineDigests(digest, digestOfPull(message))
      }
    }, signal)
    transfer.finish()
    return {digest}
  })
}
