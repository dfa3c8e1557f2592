/** A stream of bytes, some of which can be left out without reading them. */
export interface SkippableStream extends AsyncIterableIterator<Buffer> {
  /** Leaves out the next bytes; those behind its end are none. */
  skip(bytes: number): void
}

/** Whether a source can leave bytes out. */
export function isSkippable(source: AsyncIterator<Buffer>): source is SkippableStream {
  return 'skip' in source && typeof source.skip === 'function'
}
