import {CHUNK_BYTES} from './chunk-size.js'
import {RegistryFailure} from './registry-failure.js'
import type {RegistryRequests} from './registry-requests.js'
import {exactly, uploadOnce, type WholeBlob} from './upload-once.js'
import {uploadStream} from './upload-stream.js'

/**
 * Uploads a blob that is known before: in chunks if it is large, so that it goes on where it broke, else in one request. So is one
 * whose chunks a registry loses: not all take chunks.
 * @throws RegistryFailure; what reading throws; the reason of the signal
 */
export async function uploadWhole(requests: RegistryRequests, blob: WholeBlob): Promise<void> {
  const {chunkBytes = CHUNK_BYTES, open, size, ...options} = blob
  if (size <= chunkBytes) return uploadOnce(requests, blob)
  const again = (): AsyncIterable<Buffer> => exactly(size, open())
  let sent = 0
  const onBytes = (bytes: number): void => {
    sent += bytes
    options.onBytes?.(bytes)
  }
  try {
    await uploadStream(requests, {...options, ...(blob.chunkBytes && {chunkBytes}), onBytes, content: again(), again})
  } catch (error) {
    if (!(error instanceof RegistryFailure) || error.kind !== 'upload-lost') throw error
    onBytes(-sent)
    const {digest} = blob
    await uploadOnce(requests, {digest, size, open, onBytes})
  }
}
