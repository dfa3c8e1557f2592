import type {Readable} from 'node:stream'
import {StringDecoder} from 'node:string_decoder'
import {FailedError} from '../error/keg-error.js'

const MAX_LINE_LENGTH = 4 * 1024 * 1024

/** Reads a stream of JSON messages, as engines send progress. Skips messages that are not objects. */
export async function* jsonLines<T extends object>(stream: Readable): AsyncGenerator<T> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const lines = (rest + decoder.write(chunk)).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MAX_LINE_LENGTH)
      throw new FailedError('The engine sent a message without an end.', {
        code: 'engine-answer-invalid',
        hint: 'Is this really a Docker engine?',
      })
    for (const line of lines) yield* parsed<T>(line)
  }
  yield* parsed<T>(rest + decoder.end())
}

function* parsed<T extends object>(line: string): Generator<T> {
  if (line.trim() === '') return
  try {
    const message: unknown = JSON.parse(line)
    if (typeof message === 'object' && message !== null) yield message as T
  } catch (cause) {
    throw new FailedError('The engine sent a message that is not JSON.', {
      code: 'engine-answer-invalid',
      hint: 'Try again. If it happens again, see the log of the engine.',
      cause,
    })
  }
}
