import {Transform} from 'node:stream'

const RETURN = 0x0d
const NEWLINE = 0x0a

/** Turns the line ends of a terminal, a carriage return before each newline, into those of files. Changes nothing else. */
export function plainLineEnds(): Transform {
  let endsInReturn = false
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const bytes = endsInReturn ? Buffer.concat([Buffer.of(RETURN), chunk]) : chunk
      endsInReturn = bytes.at(-1) === RETURN
      done(null, withoutReturns(endsInReturn ? bytes.subarray(0, -1) : bytes))
    },
    flush(done) {
      done(null, endsInReturn ? Buffer.of(RETURN) : undefined)
    },
  })
}

/** Moves the cursor straight down (ECMA-48, IND), as a bare newline does at a terminal in raw mode. */
const DOWN = [0x1b, 0x44]

/**
 * Keeps a bare newline from starting a new line. Node's raw mode makes the terminal put a carriage return before each
 * (libuv, uv_tty_set_mode, ONLCR); full-screen programs, such as editors, use it to step down.
 */
export function rawLineFeeds(): Transform {
  let before: number | undefined
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const drawn: number[] = []
      for (const byte of chunk) {
        if (byte === NEWLINE && before !== RETURN) drawn.push(...DOWN)
        else drawn.push(byte)
        before = byte
      }
      done(null, drawn.length === chunk.length ? chunk : Buffer.from(drawn))
    },
  })
}

function withoutReturns(bytes: Buffer): Buffer {
  const kept = Buffer.allocUnsafe(bytes.length)
  let length = 0
  for (const [index, byte] of bytes.entries())
    if (byte !== RETURN || bytes[index + 1] !== NEWLINE) kept[length++] = byte
  return kept.subarray(0, length)
}
