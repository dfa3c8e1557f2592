import {formatReference, type Digest} from '../reference/reference.js'
import {silent} from '../terminal/progress.js'
import {encodeRegistryAuth, findCredentials} from './credentials.js'
import {agreed, digestOfPull} from './digest-message.js'
import type {TransferOptions} from './push.js'
import {registryError} from './registry-error.js'
import {TransferProgress} from './transfer-progress.js'

/**
 * Pulls `reference` into the engine (its digest, else its tag, else `latest`) with the user's credentials.
 * @returns the digest of the image in its registry, where the engine names it.
 * @throws FailedError with a code of registry-error.ts (isUnreachable tells those after which a local image may serve);
 * what findCredentials throws; the reason of the signal when that was aborted.
 */
export async function pullImage(options: TransferOptions): Promise<{readonly digest: Digest | undefined}> {
  const {engine, reference, environment, progress = silent, signal} = options
  const {registry, repository} = reference
  const credentials = await findCredentials({registry, environment, signal})
  const transfer = new TransferProgress(`Pulling ${formatReference(reference)}`, progress)
  const wanted = reference.digest ?? reference.tag ?? 'latest'
  let digest: Digest | undefined
  try {
    const auth = encodeRegistryAuth(credentials, registry)
    for await (const message of engine.pull(`${registry}/${repository}`, wanted, auth, signal)) {
      transfer.take(message)
      digest = agreed(digest, digestOfPull(message))
    }
  } catch (error) {
    throw registryError(error, {action: 'pull', reference, credentials})
  }
  transfer.finish()
  return {digest}
}
