import {createHash} from 'node:crypto'

/** The digest of bytes in the form that images use: `sha256:` and 64 hexadecimal digits. */
export function sha256Digest(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** Passes a stream on unchanged, and calls a function with each chunk. */
export async function* tee(source: AsyncIterable<Buffer>, onChunk: (chunk: Buffer) => unknown): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    onChunk(chunk)
    yield chunk
  }
}

/** Passes a stream on unchanged, and computes the digest of what has passed. */
export function digesting(source: AsyncIterable<Buffer>): {chunks: AsyncGenerator<Buffer>; digest: () => string} {
  const hash = createHash('sha256')
  return {chunks: tee(source, (chunk) => hash.update(chunk)), digest: () => `sha256:${hash.digest('hex')}`}
}

/** What is left of some pieces without their first bytes. */
export function withoutFirst(pieces: readonly Buffer[], bytes: number): readonly Buffer[] {
  let left = bytes
  const index = pieces.findIndex(({length}) => {
    if (length > left) return true
    left -= length
    return false
  })
  const first = pieces[index]
  return first === undefined ? [] : [first.subarray(left), ...pieces.slice(index + 1)]
}
