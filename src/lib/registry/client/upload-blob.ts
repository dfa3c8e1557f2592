import {untilAborted} from '../../async/until-aborted.js'
import type {Digest} from '../../reference/reference.js'
import {ChunkReader} from './chunk.js'
import {findBlob} from './find-blob.js'
import {RegistryFailure} from './registry-failure.js'
import type {RegistryRequests} from './registry-requests.js'
import {Retries} from './retries.js'
import {SentBytes} from './sent-bytes.js'
import {UploadRewound, UploadSession} from './upload-session.js'

/** What both kinds of uploads take. */
export interface UploadOptions {
  /** Called with the bytes as they are sent; with a negative number for those that have to be sent again. */
  readonly onBytes?: (bytes: number) => void
  /** An upload that was begun already, by a mount. */
  readonly session?: UploadSession
}

/** A blob that is known before it is sent. */
export interface WholeBlob extends UploadOptions {
  readonly digest: Digest
  readonly size: number
  /** Its bytes from the start; called again for each try. */
  readonly open: () => AsyncIterable<Buffer> | Iterable<Buffer>
}

/** A blob whose digest is only known once it is sent. */
export interface StreamedBlob extends UploadOptions {
  readonly content: AsyncIterable<Buffer>
  /** Called once all of `content` was read. */
  readonly digest: () => Digest | Promise<Digest>
  /** The same bytes again, from an offset, if they were kept: only then can an upload that the registry lost be repeated. */
  readonly readFrom?: (offset: number) => AsyncIterable<Buffer>
  /** Bytes in one request; two such chunks are held in memory. Default: 8 MiB. Registries can require more. */
  readonly chunkBytes?: number
}

const CHUNK_BYTES = 8_388_608

/** Registries that require larger chunks than this would take too much memory. */
const MAX_CHUNK_BYTES = 134_217_728

/**
 * Uploads a blob in one request (distribution-spec, "Pushing a blob monolithically"), from the start again after a failure that may pass.
 * @throws RegistryFailure; what reading throws; the reason of the signal
 */
export async function uploadWhole(requests: RegistryRequests, blob: WholeBlob): Promise<void> {
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

/**
 * Uploads a stream in chunks (distribution-spec, "Pushing a blob in chunks"). A broken chunk is sent again from where the registry has it.
 * @returns the digest
 * @throws RegistryFailure; what reading throws; the reason of the signal
 */
export async function uploadStream(requests: RegistryRequests, blob: StreamedBlob): Promise<Digest> {
  const {onBytes, readFrom} = blob
  const restarts = new Retries(requests.limits, requests.signal)
  let session = blob.session ?? (await UploadSession.begin(requests))
  const sent = new SentBytes(onBytes)
  session.reportTo(sent)
  let {content} = blob
  try {
    for (;;) {
      try {
        return await sendAll(requests, session, {...blob, content})
      } catch (error) {
        const offset = placeToGoOn(error)
        if (offset === undefined || readFrom === undefined || !(await restarts.next())) throw asFailure(error)
        if (!(error instanceof UploadRewound)) {
          await session[Symbol.asyncDispose]()
          session = await UploadSession.begin(requests)
          session.reportTo(sent)
        }
        content = readFrom(offset)
      }
    }
  } finally {
    await session[Symbol.asyncDispose]()
  }
}

async function sendAll(requests: RegistryRequests, session: UploadSession, blob: StreamedBlob): Promise<Digest> {
  const {signal} = requests
  const bytes = Math.max(blob.chunkBytes ?? CHUNK_BYTES, session.minChunkBytes)
  if (bytes > MAX_CHUNK_BYTES)
    throw new RegistryFailure('registry-failed', `the registry requires chunks of ${session.minChunkBytes} bytes`)
  await using reader = new ChunkReader(blob.content, bytes)
  const finish = async (): Promise<Digest> => untilAborted(Promise.resolve(blob.digest()), signal)
  for (let isFirst = session.offset === 0; ; isFirst = false) {
    const chunk = await untilAborted(reader.next(), signal)
    if (chunk === undefined) break
    if (isFirst && (await untilAborted(reader.isLast(), signal))) {
      const digest = await finish()
      const {onBytes} = blob
      await uploadWhole(requests, {
        digest,
        size: chunk.length,
        open: () => chunk.buffers,
        session,
        ...(onBytes && {onBytes}),
      })
      return digest
    }
    await session.append(chunk)
  }
  const digest = await finish()
  await session.commit(digest, async () => (await findBlob(requests, digest)) !== undefined)
  return digest
}

/** From where to send again; undefined if that would not help. */
function placeToGoOn(error: unknown): number | undefined {
  if (error instanceof UploadRewound) return error.offset
  return error instanceof RegistryFailure && error.kind === 'upload-lost' ? 0 : undefined
}

function asFailure(error: unknown): unknown {
  return error instanceof UploadRewound ? new RegistryFailure('upload-lost', error.message, {cause: error}) : error
}

/** The bytes of a blob, if they are as many as its size. */
async function* exactly(size: number, content: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const chunk of content) {
    bytes += chunk.length
    if (bytes > size) break
    yield chunk
  }
  if (bytes !== size) throw new Error(`a blob of ${size} bytes has another length`)
}
