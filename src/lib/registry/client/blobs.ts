import type {Digest, RepositoryPath} from '../../reference/reference.js'
import {findBlob, type StoredBlob} from './find-blob.js'
import {readBlob, type BlobDescriptor, type ReadBlobOptions} from './read-blob.js'
import type {RegistryRequests} from './registry-requests.js'
import {uploadWhole} from './upload-blob.js'
import type {WholeBlob} from './upload-once.js'
import {UploadSession} from './upload-session.js'
import {uploadStream, type StreamedBlob} from './upload-stream.js'

/** The outcome of a mount. */
export type MountResult =
  | {readonly kind: 'mounted'}
  /** The registry wants the blob to be uploaded: pass this to an upload, or dispose of it. */
  | {readonly kind: 'upload'; readonly session: UploadSession}
  | {readonly kind: 'refused'}

/** The blobs of a repository: layers and configurations. All throw RegistryFailure, and the reason of the signal. */
export class Blobs {
  constructor(private readonly requests: RegistryRequests) {}

  /** @returns undefined if the repository does not have it */
  head(digest: Digest): Promise<StoredBlob | undefined> {
    return findBlob(this.requests, digest)
  }

  /** Reads a blob, digest and size checked: what was read is only good if the end is reached. */
  read(descriptor: BlobDescriptor, options?: ReadBlobOptions): AsyncGenerator<Buffer> {
    return readBlob(this.requests, descriptor, options)
  }

  /** Makes a blob of another repository of this registry one of this repository, without sending it. */
  async mount(digest: Digest, from: RepositoryPath): Promise<MountResult> {
    const {requests} = this
    const answer = await requests.ask({
      method: 'POST',
      path: `blobs/uploads/?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`,
      scopes: [`repository:${from}:pull`],
    })
    if (answer.status === 201) return {kind: 'mounted'}
    if (answer.status === 202) return {kind: 'upload', session: new UploadSession(requests, answer)}
    // Not to be allowed to read the other repository does not mean that one may not upload to this one.
    if ([400, 401, 403, 404, 405].includes(answer.status)) return {kind: 'refused'}
    throw await requests.failure(answer)
  }

  /** Uploads a blob that is known before it is sent. */
  upload(blob: WholeBlob): Promise<void> {
    return uploadWhole(this.requests, blob)
  }

  /** Uploads a blob whose digest is only known once it is sent. @returns the digest */
  uploadStream(blob: StreamedBlob): Promise<Digest> {
    return uploadStream(this.requests, blob)
  }

  /** @returns whether there was such a blob */
  async delete(digest: Digest): Promise<boolean> {
    const answer = await this.requests.ask({method: 'DELETE', path: `blobs/${digest}`})
    if (answer.status === 404) return false
    if (answer.status < 200 || answer.status > 204) throw await this.requests.failure(answer)
    return true
  }
}
