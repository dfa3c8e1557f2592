import type {Hash} from 'node:crypto'
import type {Digest} from '../../reference/reference.js'
import {printable} from '../../terminal/text.js'
import type {ReadAnswer} from './answer-failure.js'
import {chunkFrom, type Chunk} from './chunk.js'
import type {RequestBody} from './http-exchange.js'
import {RegistryFailure} from './registry-failure.js'
import type {RegistryRequests} from './registry-requests.js'
import {Retries} from './retries.js'
import {SentBytes} from './sent-bytes.js'
import {lostUpload, rangeIn, uploadFailure} from './upload-answer.js'
import {keepablePath, sha256SoFar, type UploadCheckpoint, type UploadMemory} from './upload-checkpoint.js'
import {bytesInRange} from './upload-range.js'

/** The registry has less of an upload than it had confirmed: sending has to go on from an earlier place. */
export class UploadRewound extends Error {
  constructor(readonly offset: number) {
    super(`The registry has only ${offset} bytes of the upload.`)
  }
}

/** How long cancelling an upload, or asking how much of it there is, may take. */
const CANCEL_MILLISECONDS = 5000

const BINARY = {'content-type': 'application/octet-stream'}

/**
 * One upload of a blob (distribution-spec, "Pushing blobs"): the registry names an address, which changes with each answer. Cancelled at
 * the end unless it was completed or left to the registry.
 */
export class UploadSession implements AsyncDisposable {
  /** The registry takes no smaller chunks, but for the last. */
  readonly minChunkBytes: number
  #address: URL
  #offset = 0
  #isOpen = true
  /** Whether a request broke off, so that only the registry knows how much it has. */
  #isUncertain = false
  #isRemembered = false
  #sent = new SentBytes()

  /** @param answer the answer 202 that began the upload */
  constructor(
    private readonly requests: RegistryRequests,
    answer: ReadAnswer,
  ) {
    this.#address = requests.resolve(answer.headers.location, answer)
    const least = String(answer.headers['oci-chunk-min-length'] ?? '')
    this.minChunkBytes = /^\d{1,12}$/.test(least) ? Number(least) : 0
  }

  /** @throws RegistryFailure; the reason of the signal */
  static async begin(requests: RegistryRequests): Promise<UploadSession> {
    const answer = await requests.ask({method: 'POST', path: 'blobs/uploads/'})
    if (answer.status !== 202) throw await requests.failure(answer)
    return new UploadSession(requests, answer)
  }

  /**
   * Goes on with an upload of an earlier run.
   * @returns undefined if the registry does not know it any more, or has less of it than it had confirmed
   * @throws RegistryFailure if it cannot be asked; the reason of the signal
   */
  static async resume(requests: RegistryRequests, earlier: UploadCheckpoint): Promise<UploadSession | undefined> {
    const answer = await requests.ask({method: 'GET', path: earlier.path})
    if (answer.status < 200 || answer.status > 204) return undefined
    const {location = answer.address.href, range = ''} = answer.headers
    const least = {'oci-chunk-min-length': String(earlier.minChunkBytes)}
    const session = new UploadSession(requests, {...answer, headers: {...answer.headers, ...least, location}})
    session.#offset = bytesInRange(range) ?? 0
    session.#isRemembered = true
    if (session.#offset >= earlier.bytes) return session
    await session[Symbol.asyncDispose]()
    return undefined
  }

  /** How many bytes the registry has. */
  get offset(): number {
    return this.#offset
  }

  /** Reports the bytes that are sent from now on. */
  reportTo(sent: SentBytes): void {
    this.#sent = sent
  }

  /** Remembers where another run can go on, if its address may be kept. @param hash has hashed what the registry has */
  async remember(memory: UploadMemory, hash: Hash): Promise<void> {
    const path = await keepablePath(this.requests, this.#address)
    const {minChunkBytes} = this
    const checkpoint = {bytes: this.#offset, sha256: sha256SoFar(hash), minChunkBytes}
    this.#isRemembered = path !== undefined && (await memory.save({...checkpoint, path}))
  }

  /**
   * Sends the next bytes. After a failure that may pass, asks the registry how many it has, and sends the rest.
   * @param last ends a request; default: the signal of the work
   * @throws UploadRewound; RegistryFailure; the reason of a signal
   */
  async append(chunk: Chunk, last?: AbortSignal): Promise<void> {
    const start = this.#offset
    const end = start + chunk.length
    const retries = new Retries(this.requests.limits, this.requests.signal)
    while (this.#offset < end) {
      const failure = await this.#patch(chunkFrom(chunk, this.#offset - start), {end, signal: last})
      if (failure === undefined && this.#offset === end) return
      if (!(await retries.next(failure?.retryAfterMilliseconds)))
        throw failure ?? lostUpload(this.#address, `it has ${this.#offset} of ${end} bytes that were sent`)
      if (failure !== undefined) this.#resumeAt(await this.#position(), {start, end})
      if (this.#offset < start) throw new UploadRewound(this.#offset)
    }
  }

  /**
   * Completes the upload: the registry checks the digest. If the answer is lost, looks whether the blob is there.
   * @param isStored looks whether the registry has the blob
   * @throws RegistryFailure; the reason of the signal
   */
  async commit(digest: Digest, isStored: () => Promise<boolean>): Promise<void> {
    const retries = new Retries(this.requests.limits, this.requests.signal)
    for (;;) {
      const failure = await this.#put(digest)
      if (failure === undefined) return
      if (!failure.isTemporary || !(await retries.next(failure.retryAfterMilliseconds))) throw failure
      if (!(await isStored())) continue
      this.#isOpen = false
      return
    }
  }

  /**
   * Sends a whole blob and completes the upload, in one request.
   * @returns the failure if another upload may succeed
   * @throws RegistryFailure; what the body throws; the reason of the signal
   */
  async commitWhole(
    digest: Digest,
    {chunks, length}: Pick<RequestBody, 'chunks' | 'length'>,
  ): Promise<RegistryFailure | undefined> {
    return this.#put(digest, this.#counted({chunks, length}, 0))
  }

  /**
   * Leaves an upload that is not complete to the registry, so that another run can go on with it.
   * @returns whether that may be possible
   */
  async leave(): Promise<boolean> {
    if (!this.#isOpen || !this.#isRemembered || (this.#isUncertain && !(await this.#isKnown()))) return false
    this.#isOpen = false
    return true
  }

  /** Cancels the upload if it is not complete. A registry discards an abandoned upload later anyway, so a failure does not matter. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    // Not with the signal of the work, which may have been aborted.
    using requests = this.requests.withSignal(AbortSignal.timeout(CANCEL_MILLISECONDS))
    await requests.ask({method: 'DELETE', path: this.#address, isRepeated: false}).catch(() => undefined)
  }

  /** Whether the registry still says how much it has. If it cannot be asked, it may know. */
  async #isKnown(): Promise<boolean> {
    using requests = this.requests.withSignal(AbortSignal.timeout(CANCEL_MILLISECONDS))
    const answer = await requests.ask({method: 'GET', path: this.#address}).catch(() => undefined)
    return answer === undefined || (answer.status >= 200 && answer.status <= 204)
  }

  /** @returns the failure if the upload may go on */
  async #patch(
    chunk: Chunk,
    {end, signal}: {readonly end: number; readonly signal: AbortSignal | undefined},
  ): Promise<RegistryFailure | undefined> {
    const from = this.#offset
    this.#isUncertain = true
    const answer = await this.#try(() =>
      this.requests.ask({
        method: 'PATCH',
        path: this.#address,
        headers: {...BINARY, 'content-range': `${from}-${end - 1}`},
        body: this.#counted({length: chunk.length, chunks: () => chunk.buffers}, from),
        isRepeated: false,
        signal,
      }),
    )
    if (answer instanceof RegistryFailure) return answer
    if (![201, 202, 204].includes(answer.status)) {
      const failure = await uploadFailure(this.requests, answer)
      if (failure.isTemporary || answer.status === 416) return failure
      throw failure
    }
    this.#follow(answer)
    this.#resumeAt(answer.headers.range === undefined ? end : rangeIn(answer, end), {start: from, end})
    return undefined
  }

  /** @returns the failure if it may pass */
  async #put(digest: Digest, body?: RequestBody): Promise<RegistryFailure | undefined> {
    const address = new URL(this.#address)
    // The rest of the query may be signed, and stays as it is.
    address.search += `${address.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`
    const answer = await this.#try(() =>
      this.requests.ask({
        method: 'PUT',
        path: address,
        headers: BINARY,
        ...(body && {body}),
        answerMilliseconds: this.requests.limits.commitMilliseconds,
        isRepeated: false,
      }),
    )
    if (answer instanceof RegistryFailure) return answer
    if (answer.status !== 201 && answer.status !== 204) {
      const failure = await uploadFailure(this.requests, answer)
      if (failure.isTemporary || failure.kind === 'upload-lost') return failure
      throw failure
    }
    const stored = answer.headers['docker-content-digest']
    if (stored !== undefined && stored !== digest)
      throw lostUpload(this.#address, `it has the digest ${printable(String(stored))} and not ${digest}`)
    this.#isOpen = false
    return undefined
  }

  /** A body that reports its bytes, and can be sent again: from `start` on each time. */
  #counted({chunks, length}: Pick<RequestBody, 'chunks' | 'length'>, start: number): RequestBody {
    return {
      length,
      isRepeatable: true,
      chunks: () => {
        this.#sent.resumeAt(start)
        return chunks()
      },
      sent: (bytes) => this.#sent.add(bytes),
    }
  }

  async #try(send: () => Promise<ReadAnswer>): Promise<ReadAnswer | RegistryFailure> {
    try {
      return await send()
    } catch (error) {
      if (error instanceof RegistryFailure && error.isTemporary) return error
      throw error
    }
  }

  /** Asks the registry how many bytes it has. */
  async #position(): Promise<number> {
    const answer = await this.requests.ask({method: 'GET', path: this.#address})
    if (answer.status < 200 || answer.status > 204) throw await uploadFailure(this.requests, answer)
    if (answer.headers.location !== undefined) this.#follow(answer)
    return rangeIn(answer)
  }

  #follow(answer: ReadAnswer): void {
    this.#address = this.requests.resolve(answer.headers.location, answer)
  }

  #resumeAt(offset: number, {start, end}: {readonly start: number; readonly end: number}): void {
    if (offset > end) throw lostUpload(this.#address, `it has ${offset} bytes, and only ${end} were sent`)
    this.#isUncertain = false
    this.#offset = offset
    // An earlier place is reported when sending starts again there.
    if (offset >= start) this.#sent.resumeAt(offset)
  }
}
