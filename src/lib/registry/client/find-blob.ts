import type {Digest} from '../../reference/reference.js'
import {nameRequest} from './connection-failure.js'
import {RegistryFailure} from './registry-failure.js'
import type {RegistryRequests} from './registry-requests.js'

/** A blob that a registry has. */
export interface StoredBlob {
  readonly digest: Digest
  /** Undefined if the registry does not say. */
  readonly size: number | undefined
}

/**
 * Looks for a blob.
 * @returns undefined if the repository does not have it
 * @throws RegistryFailure; the reason of the signal
 */
export async function findBlob(requests: RegistryRequests, digest: Digest): Promise<StoredBlob | undefined> {
  const answer = await requests.ask({method: 'HEAD', path: `blobs/${digest}`})
  if (answer.status === 404) return undefined
  if (answer.status !== 200) throw await requests.failure(answer)
  const stored = answer.headers['docker-content-digest']
  if (stored !== undefined && stored !== digest)
    throw new RegistryFailure('not-a-registry', nameRequest(answer, 'the answer is about another digest'))
  const length = answer.headers['content-length']
  return {digest, size: length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined}
}
