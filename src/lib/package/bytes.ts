import {createHash} from 'node:crypto'

/** The digest of bytes as images name them: `sha256:` and 64 hexadecimal digits. */
export function sha256Digest(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** A stream as it is, shown to somebody in passing. */
export async function* tee(source: AsyncIterable<Buffer>, onChunk: (chunk: Buffer) => unknown): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    onChunk(chunk)
    yield chunk
  }
}

/** A stream as it is, and the digest of all that has passed. */
export function digesting(source: AsyncIterable<Buffer>): {chunks: AsyncGenerator<Buffer>; digest: () => string} {
  const hash = createHash('sha256')
  return {chunks: tee(source, (chunk) => hash.update(chunk)), digest: () => `sha256:${hash.digest('hex')}`}
}
