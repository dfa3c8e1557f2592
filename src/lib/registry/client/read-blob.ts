import {createHash} from 'node:crypto'
import type {Digest} from '../../reference/reference.js'
import type {ReadAnswer} from './answer-failure.js'
import {nameRequest} from './connection-failure.js'
import {discard, type OpenAnswer} from './connection.js'
import {RegistryFailure} from './registry-failure.js'
import type {RegistryRequests} from './registry-requests.js'
import {Retries} from './retries.js'

/** What a manifest says about a blob. */
export interface BlobDescriptor {
  readonly digest: Digest
  /** In bytes. Undefined if it is not known. */
  readonly size: number | undefined
}

export interface ReadBlobOptions {
  /** For a blob whose size is not known: the most that is read. */
  readonly maxBytes?: number
}

/** Larger than any configuration of an image. */
const MAX_UNKNOWN_BYTES = 8_000_000

/** Once so much has arrived, a blob that breaks off is worth all tries again. */
const PROGRESS_BYTES = 1_048_576

/**
 * Reads a blob. After a broken connection, it goes on from where it was. Digest and size are checked: what was read is only
 * good if the end is reached.
 * @throws RegistryFailure; the reason of the signal
 */
export async function* readBlob(
  requests: RegistryRequests,
  {digest, size}: BlobDescriptor,
  {maxBytes = MAX_UNKNOWN_BYTES}: ReadBlobOptions = {},
): AsyncGenerator<Buffer> {
  const hash = createHash(digest.slice(0, digest.indexOf(':')))
  const retries = new Retries(requests.limits, requests.signal)
  let received = 0
  let lastTriedAt = 0
  let place: Pick<ReadAnswer, 'address' | 'method'>
  for (;;) {
    const answer = await requests.open({
      method: 'GET',
      path: `blobs/${digest}`,
      headers: received === 0 ? {} : {range: `bytes=${received}-`},
    })
    place = answer
    let skip = await firstByte(requests, answer, received)
    try {
      for await (const chunk of answer.body) {
        const rest = chunk.subarray(Math.min(skip, chunk.length))
        skip -= chunk.length - rest.length
        if (rest.length === 0) continue
        received += rest.length
        if (received > (size ?? maxBytes)) throw mismatch(answer, `more than ${size ?? maxBytes} bytes`)
        hash.update(rest)
        yield rest
      }
      break
    } catch (error) {
      requests.signal.throwIfAborted()
      const failure = requests.brokenAnswer(error, answer)
      if (!(failure instanceof RegistryFailure) || !failure.isTemporary) throw failure
      if (received - lastTriedAt >= PROGRESS_BYTES) retries.reset()
      lastTriedAt = received
      if (!(await retries.next())) throw failure
    }
  }
  if (size !== undefined && received !== size) throw mismatch(place, `${received} bytes and not ${size}`)
  if (hash.digest('hex') !== digest.slice(digest.indexOf(':') + 1)) throw mismatch(place, 'another digest')
}

/**
 * How many bytes of an answer are known already: all that were received, if the registry cannot start in the middle.
 * @throws RegistryFailure for any other answer
 */
async function firstByte(requests: RegistryRequests, answer: OpenAnswer, received: number): Promise<number> {
  if (answer.status === 200) return received
  if (answer.status !== 206) throw await requests.failure(answer)
  const range = answer.headers['content-range'] ?? ''
  if (received > 0 && range.startsWith(`bytes ${received}-`)) return 0
  await discard(answer)
  throw mismatch(answer, 'another range than was asked for', {isDamaged: false})
}

function mismatch(
  request: Pick<ReadAnswer, 'address' | 'method'>,
  problem: string,
  {isDamaged = true}: {readonly isDamaged?: boolean} = {},
): RegistryFailure {
  return new RegistryFailure('not-a-registry', nameRequest(request, `the blob has ${problem}`), {isDamaged})
}
