import {parseJson, property} from '../json/json.js'

/** The maximum size of an error that keg looks for behind an export, in bytes; those of engines have a few hundred. */
const MAX_ERROR_BYTES = 16 * 1024

/** How an engine begins an error that it sends in place of the rest of an export (moby, pkg/streamformatter, FormatError). */
const ERROR_START = '{"errorDetail":'

/**
 * Passes an export of images on. An engine that fails in the middle of it sends its error as JSON behind what it has already
 * sent, and ends the answer as if it were complete (moby, api/server/router/image, getImagesGet).
 * @param onError called in place of that error, with its message; throws
 */
export async function* exportStream(
  stream: AsyncIterable<Buffer>,
  onError: (message: string) => Promise<never>,
): AsyncGenerator<Buffer> {
  /** The last chunks: an error may begin in them. */
  const held: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream) {
    held.push(chunk)
    bytes += chunk.length
    for (let [first] = held; first !== undefined && bytes - first.length >= MAX_ERROR_BYTES; [first] = held) {
      held.shift()
      bytes -= first.length
      yield first
    }
  }
  const end = Buffer.concat(held)
  const start = end.lastIndexOf(ERROR_START)
  const message = start < 0 ? undefined : property(parseJson(end.toString('utf8', start)), 'error')
  const rest = typeof message === 'string' ? end.subarray(0, start) : end
  if (rest.length > 0) yield rest
  if (typeof message === 'string') await onError(message)
}
