import {createHash} from 'node:crypto'
import {LateSignal} from '../../async/late-signal.js'
import {untilAborted} from '../../async/until-aborted.js'
import {isDigest, type Digest} from '../../reference/reference.js'
import {CHUNK_BYTES, nextChunkBytes} from './chunk-size.js'
import {ChunkReader} from './chunk.js'
import {findBlob} from './find-blob.js'
import {RegistryFailure} from './registry-failure.js'
import type {RegistryRequests} from './registry-requests.js'
import {Retries} from './retries.js'
import {SentBytes} from './sent-bytes.js'
import type {UploadCheckpoint} from './upload-checkpoint.js'
import {uploadOnce, type UploadOptions} from './upload-once.js'
import {behindPrefix, UploadChanged, type Prefix} from './upload-prefix.js'
import {UploadRewound, UploadSession} from './upload-session.js'

/** A blob whose digest is only known once it is sent. */
export interface StreamedBlob extends UploadOptions {
  readonly content: AsyncIterable<Buffer>
  /** The same bytes again, from the start: only then can an upload that the registry lost be repeated, or an earlier one go on. */
  readonly again?: () => AsyncIterable<Buffer>
  /** The digest, if it is known: the registry refuses other bytes. */
  readonly digest?: Digest
}

/** Registries that require larger chunks than this would take too much memory. */
const MAX_CHUNK_BYTES = 134_217_728

/**
 * Uploads a stream in chunks (distribution-spec, "Pushing a blob in chunks"). A broken chunk is sent again from where the registry has it.
 * With a memory, an upload of an earlier run goes on if the blob begins with what that sent, and this one is left to the registry if it
 * is interrupted. Whatever is remembered, the digest of all bytes decides.
 * @returns the digest
 * @throws RegistryFailure; what reading throws; the reason of the signal
 */
export async function uploadStream(requests: RegistryRequests, blob: StreamedBlob): Promise<Digest> {
  const {again, memory, onBytes} = blob
  const restarts = new Retries(requests.limits, requests.signal)
  let checkpoint = again === undefined || blob.session ? undefined : memory?.earlier
  const resumed = checkpoint && (await UploadSession.resume(requests, checkpoint))
  if (resumed === undefined) {
    checkpoint = undefined
    await memory?.forget()
  }
  let session = blob.session ?? resumed ?? (await UploadSession.begin(requests))
  blob.onSkip?.(session.offset)
  const skipped = session.offset
  let sent = new SentBytes(onBytes, skipped)
  session.reportTo(sent)
  let {content} = blob
  try {
    for (;;) {
      try {
        const digest = await sendAll(requests, session, {...blob, content, checkpoint})
        await memory?.forget()
        return digest
      } catch (error) {
        if (!mayStartAgain(error) || again === undefined || !(await restarts.next())) throw asFailure(error)
        checkpoint = undefined
        if (!(error instanceof UploadRewound)) {
          await session[Symbol.asyncDispose]()
          await memory?.forget()
          sent.resumeAt(skipped)
          sent = new SentBytes(onBytes)
          blob.onSkip?.(0)
          session = await UploadSession.begin(requests)
          session.reportTo(sent)
        }
        content = again()
      }
    }
  } catch (error) {
    if (memory !== undefined && !(isWorthKeeping(error, requests.signal) && (await session.leave())))
      await memory.forget()
    throw error
  } finally {
    await session[Symbol.asyncDispose]()
  }
}

interface SendOptions extends StreamedBlob {
  /** What its first bytes must be. */
  readonly checkpoint: UploadCheckpoint | undefined
}

/** Sends what the registry does not have yet, and completes the upload. */
async function sendAll(
  requests: RegistryRequests,
  session: UploadSession,
  {checkpoint, chunkBytes, content, digest: expected, memory, onBytes}: SendOptions,
): Promise<Digest> {
  const {limits, signal} = requests
  const atLeast = (bytes: number): number => Math.max(bytes, session.minChunkBytes)
  if (atLeast(chunkBytes ?? CHUNK_BYTES) > MAX_CHUNK_BYTES)
    throw new RegistryFailure('registry-failed', `the registry requires chunks of ${session.minChunkBytes} bytes`)
  const hash = createHash('sha256')
  const prefix: Prefix = {bytes: session.offset, checkpoint}
  await using reader = new ChunkReader(behindPrefix(content, prefix, hash), atLeast(chunkBytes ?? CHUNK_BYTES))
  using last = new LateSignal(signal, limits.lastChunkMilliseconds)
  for (let isFirst = session.offset === 0; ; isFirst = false) {
    const chunk = await untilAborted(reader.next(), signal)
    if (chunk === undefined) break
    for (const buffer of chunk.buffers) hash.update(buffer)
    if (isFirst && (await untilAborted(reader.isLast(), signal))) {
      const digest = expected ?? digestOf(hash.digest('hex'))
      const {length} = chunk
      await uploadOnce(requests, {digest, size: length, open: () => chunk.buffers, session, ...(onBytes && {onBytes})})
      return digest
    }
    const startedAt = performance.now()
    await session.append(chunk, memory && last.signal)
    if (memory !== undefined) await session.remember(memory, hash)
    const milliseconds = performance.now() - startedAt
    if (chunkBytes === undefined) reader.bytes = atLeast(nextChunkBytes({bytes: chunk.length, milliseconds}))
  }
  const digest = expected ?? digestOf(hash.digest('hex'))
  await session.commit(digest, async () => (await findBlob(requests, digest)) !== undefined)
  return digest
}

function mayStartAgain(error: unknown): boolean {
  if (error instanceof UploadRewound || error instanceof UploadChanged) return true
  return error instanceof RegistryFailure && error.kind === 'upload-lost'
}

function asFailure(error: unknown): unknown {
  const isOwn = error instanceof UploadRewound || error instanceof UploadChanged
  return isOwn ? new RegistryFailure('upload-lost', error.message, {cause: error}) : error
}

/** Whether another run may go on: it was only stopped, or the line failed. What the registry refused it will refuse again. */
function isWorthKeeping(error: unknown, signal: AbortSignal): boolean {
  const reason: unknown = signal.aborted ? signal.reason : error
  return reason instanceof RegistryFailure ? reason.isTemporary : signal.aborted
}

function digestOf(sha256: string): Digest {
  const digest = `sha256:${sha256}`
  if (isDigest(digest)) return digest
  throw new Error(`not a digest: ${digest}`)
}
