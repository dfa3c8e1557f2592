/** A part of a process's output, and its stream. */
export interface OutputPart {
  readonly channel: 'stderr' | 'stdout'
  readonly bytes: Buffer
}

/** A part of a frame. */
export interface FramePart extends OutputPart {
  /** Whether it is the end of its frame. */
  readonly endsFrame: boolean
}

/** The header of a frame: one byte for the stream, three unused, and four for the length, big-endian. */
const HEAD_BYTES = 8
const STDOUT = 1

/** The output of a process until the stream ends: multiplexed unless it has a terminal, where all of it is standard output. */
export async function* outputParts(stream: AsyncIterable<Buffer>, tty: boolean): AsyncGenerator<OutputPart> {
  if (!tty) yield* splitFrames(stream)
  else for await (const bytes of stream) yield {channel: 'stdout', bytes}
}

/**
 * Splits an engine's stream of a process without a terminal into its frames
 * (https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach, Stream format).
 * Yields parts as they arrive, without waiting for whole frames; of a truncated frame, what arrived.
 */
export async function* splitFrames(stream: AsyncIterable<Buffer>): AsyncGenerator<FramePart> {
  let head = Buffer.alloc(0)
  let channel: OutputPart['channel'] = 'stdout'
  let open = 0
  for await (const chunk of stream) {
    let rest = chunk
    while (rest.length > 0) {
      if (open > 0) {
        const bytes = rest.subarray(0, open)
        open -= bytes.length
        rest = rest.subarray(bytes.length)
        yield {channel, bytes, endsFrame: open === 0}
        continue
      }
      const missing = HEAD_BYTES - head.length
      head = Buffer.concat([head, rest.subarray(0, missing)])
      rest = rest.subarray(missing)
      if (head.length < HEAD_BYTES) break
      // Besides standard error there is the engine's own stream, with number 3.
      channel = head[0] === STDOUT ? 'stdout' : 'stderr'
      open = head.readUInt32BE(4)
      head = Buffer.alloc(0)
    }
  }
}
