import type {Engine} from '../engine/engine.js'
import {FailedError} from '../error/keg-error.js'
import {formatReference, type Digest, type Reference} from '../reference/reference.js'
import {silent, type ProgressListener} from '../terminal/progress.js'
import {encodeRegistryAuth, findCredentials} from './credentials.js'
import {agreed, digestOfPush} from './digest-message.js'
import {registryError} from './registry-error.js'
import {TransferProgress} from './transfer-progress.js'

export interface TransferOptions {
  readonly engine: Engine
  readonly reference: Reference
  /** Where the docker client's configuration and its credential helpers are found. */
  readonly environment: NodeJS.ProcessEnv
  readonly progress?: ProgressListener | undefined
  readonly signal?: AbortSignal | undefined
}

/** What a push came to. */
export interface Pushed {
  readonly digest: Digest
  /** Bytes sent, as TransferProgress counts them. */
  readonly bytes: number
}

/**
 * Pushes the image that the engine has under `reference` (its tag, `latest` where it has none) with the user's credentials.
 * The engine tries again by itself when a registry falters; until it does, the note of the progress says so.
 * @throws FailedError with a code of registry-error.ts, or `push-unconfirmed`; what findCredentials throws; the reason of
 * the signal when that was aborted.
 */
export async function pushImage(options: TransferOptions): Promise<Pushed> {
  const {engine, reference, environment, progress = silent, signal} = options
  const {registry, repository, tag = 'latest'} = reference
  const credentials = await findCredentials({registry, environment, signal})
  const transfer = new TransferProgress(`Pushing ${formatReference(reference)}`, progress)
  let digest: Digest | undefined
  try {
    const auth = encodeRegistryAuth(credentials, registry)
    for await (const message of engine.push(`${registry}/${repository}`, tag, auth, signal)) {
      transfer.take(message)
      digest = agreed(digest, digestOfPush(message, tag))
    }
  } catch (error) {
    throw registryError(error, {action: 'push', reference, credentials})
  }
  if (digest === undefined)
    throw new FailedError(`The engine did not say that ${formatReference(reference)} arrived in the registry.`, {
      code: 'push-unconfirmed',
      hint: `Push it again with: docker push ${formatReference(reference)}`,
    })
  transfer.finish()
  return {digest, bytes: transfer.bytes}
}
