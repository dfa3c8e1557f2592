import type {Hash} from 'node:crypto'
import {sha256SoFar, type UploadCheckpoint} from './upload-checkpoint.js'

/** A blob does not begin with the bytes that were uploaded before. */
export class UploadChanged extends Error {
  constructor() {
    super('The blob does not begin with what was uploaded before.')
  }
}

export interface Prefix {
  /** How many bytes are not sent again. */
  readonly bytes: number
  /** What they must begin with; no longer than they are. */
  readonly checkpoint?: UploadCheckpoint | undefined
}

/**
 * A blob without the first bytes, which are only hashed. What follows them is not.
 * @throws UploadChanged before the first byte, if they are not those of the checkpoint; what reading throws
 */
export async function* behindPrefix(
  blob: AsyncIterable<Buffer>,
  {bytes, checkpoint}: Prefix,
  hash: Hash,
): AsyncGenerator<Buffer> {
  let position = 0
  let isChecked = checkpoint === undefined
  const pass = (part: Buffer): void => {
    hash.update(part)
    position += part.length
  }
  for await (const buffer of blob) {
    let rest = buffer
    if (checkpoint !== undefined && !isChecked && position + rest.length >= checkpoint.bytes) {
      const end = checkpoint.bytes - position
      pass(rest.subarray(0, end))
      if (sha256SoFar(hash) !== checkpoint.sha256) throw new UploadChanged()
      isChecked = true
      rest = rest.subarray(end)
    }
    const sent = Math.min(rest.length, bytes - position)
    if (sent > 0) pass(rest.subarray(0, sent))
    if (rest.length > sent) yield rest.subarray(Math.max(0, sent))
  }
  if (!isChecked || position < bytes) throw new UploadChanged()
}
