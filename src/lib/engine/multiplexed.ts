/** A part of what a process printed, and where. */
export interface OutputPart {
  readonly channel: 'stderr' | 'stdout'
  readonly bytes: Buffer
}

/** Before each frame: a byte that says the channel, three that say nothing, and four with the length, the highest first. */
const HEAD_BYTES = 8
const STDOUT = 1

/**
 * Takes apart what an engine sends of a process without a terminal
 * (https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach, Stream format). Parts come as
 * soon as they are there, whatever the frames are; a frame that breaks off is passed on as far as it came.
 */
export async function* splitFrames(stream: AsyncIterable<Buffer>): AsyncGenerator<OutputPart> {
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
        yield {channel, bytes}
        continue
      }
      const missing = HEAD_BYTES - head.length
      head = Buffer.concat([head, rest.subarray(0, missing)])
      rest = rest.subarray(missing)
      if (head.length < HEAD_BYTES) break
      // Besides standard error there is the engine's own, with the number 3.
      channel = head[0] === STDOUT ? 'stdout' : 'stderr'
      open = head.readUInt32BE(4)
      head = Buffer.alloc(0)
    }
  }
}
