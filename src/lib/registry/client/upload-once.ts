import type {Digest} from '../../reference/reference.js'
import {findBlob} from './find-blob.js'
import type {RegistryRequests} from './registry-requests.js'
import {Retries} from './retries.js'
import {SentBytes} from './sent-bytes.js'
import type {UploadMemory} from './upload-checkpoint.js'
import {UploadSession} from './upload-session.js'

/** What all kinds of uploads take. */
export interface UploadOptions {
  /** Called with the bytes as they are sent; with a negative number for those that have to be sent again. */
  readonly onBytes?: (bytes: number) => void
  /** Called with the bytes that an earlier run sent, if this one goes on behind them. */
  readonly onSkip?: (bytes: number) => void
  /** An upload that was begun already, by a mount. */
  readonly session?: UploadSession
  /** Lets a later run of keg go on with it, and this one with that of an earlier run, unless there is a session. */
  readonly memory?: UploadMemory
  /** Bytes in one request; two such chunks are held in memory. Default: as many as are sent in two seconds. Registries can require more. */
  readonly chunkBytes?: number
}

/** A blob that is known before it is sent. */
export interface WholeBlob extends UploadOptions {
  readonly digest: Digest
  readonly size: number
  /** Its bytes from the start; called again for each try. */
  readonly open: () => AsyncIterable<Buffer> | Iterable<Buffer>
}

/**
 * Uploads a blob in one request (distribution-spec, "Pushing a blob monolithically"), from the start again after a failure that may pass.
 * @throws RegistryFailure; what reading throws; the reason of the signal
 */
export async function uploadOnce(requests: RegistryRequests, blob: WholeBlob): Promise<void> {
  const {digest, onBytes, open, size} = blob
  const retries = new Retries(requests.limits, requests.signal)
  const sent = new SentBytes(onBytes)
  for (let {session} = blob; ; session = undefined) {
    await using current = session ?? (await UploadSession.begin(requests))
    current.reportTo(sent)
    const failure = await current.commitWhole(digest, {length: size, chunks: () => exactly(size, open())})
    if (failure === undefined) return
    if (!(await retries.next(failure.retryAfterMilliseconds))) throw failure
    if ((await findBlob(requests, digest)) !== undefined) return
  }
}

/** The bytes of a blob, if they are as many as its size. */
export async function* exactly(
  size: number,
  content: AsyncIterable<Buffer> | Iterable<Buffer>,
): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const chunk of content) {
    bytes += chunk.length
    if (bytes > size) break
    yield chunk
  }
  if (bytes !== size) throw new Error(`a blob of ${size} bytes has another length`)
}
