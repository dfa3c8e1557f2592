const MEBIBYTE = 1_048_576

/** Of the first chunk. */
export const CHUNK_BYTES = 4 * MEBIBYTE

/** Smaller ones cost a registry more than the line. */
const MIN_BYTES = MEBIBYTE

/** Two chunks of each upload are in memory: larger ones save few requests. */
const MAX_BYTES = 4 * MEBIBYTE

/** How long sending a chunk should take: what a registry has not confirmed is lost with a connection, and Ctrl-C waits for that. */
const TARGET_MILLISECONDS = 2000

/** The size of the next chunk. @param last the size of the last one, and how long the registry took for it */
export function nextChunkBytes(last: {readonly bytes: number; readonly milliseconds: number}): number {
  const fitting = (last.bytes / Math.max(1, last.milliseconds)) * TARGET_MILLISECONDS
  return Math.round(Math.min(MAX_BYTES, Math.max(MIN_BYTES, fitting)))
}
