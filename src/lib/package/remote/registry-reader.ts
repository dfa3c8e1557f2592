import type {Engine} from '../../engine/engine.js'
import type {Reference} from '../../reference/reference.js'
import {TWO_TRIES, type Limits} from '../../registry/client/limits.js'
import {RegistryClient} from '../../registry/client/registry-client.js'
import {findCredentials} from '../../registry/credentials.js'
import {registryError} from '../../registry/registry-error.js'
import type {Work} from '../../work/work.js'

/** A repository that is read. */
export interface RegistryReader {
  /** For what somebody waits for: it gives up soon. */
  readonly client: RegistryClient
  /** For layers, which are worth all tries. */
  readonly blobs: RegistryClient['blobs']
  /** What a failure means for the user, or the reason why the work was stopped. */
  readonly explain: (error: unknown) => unknown
}

/**
 * Prepares to read the repository of a reference; nothing is sent before the first request. The work's cleanup ends the connections.
 * @param engine says which registries need no TLS; undefined if there is none
 * @throws what findCredentials throws
 */
export async function readRegistry(
  work: Work,
  reference: Reference,
  engine: Engine | undefined,
): Promise<RegistryReader> {
  const credentials = await findCredentials(work, reference)
  const clientWith = (limits: Partial<Limits>): RegistryClient => {
    const info = engine?.facts.info ?? {}
    const opened = new RegistryClient(work, {reference, credentials, action: 'pull', info, limits})
    work.cleanup.add(() => {
      opened[Symbol.dispose]()
      return undefined
    })
    return opened
  }
  const client = clientWith(TWO_TRIES)
  const {blobs} = clientWith({})
  const explain = (error: unknown): unknown => {
    work.signal.throwIfAborted()
    return registryError(error, {action: 'pull', reference, credentials, wasAccepted: client.wasAccepted})
  }
  return {client, blobs, explain}
}
