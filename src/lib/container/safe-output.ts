import {Transform} from 'node:stream'
import {StringDecoder} from 'node:string_decoder'
import {printable} from '../terminal/text.js'

/** Colours and styles (SGR), the only escape sequences that logs may use. */
const STYLE = /(\u001b\[[\d;]{0,32}m)/

/** A style that the next chunk may complete. */
const OPEN_STYLE = /\u001b(?:\[[\d;]{0,32})?$/

/**
 * Makes a container's output safe for a terminal: colours and lines stay; every other control sequence (which could change
 * the title, overwrite text or control the terminal) becomes `?`.
 */
export function safeOutput(): Transform {
  const decoder = new StringDecoder('utf8')
  let open = ''
  const clean = (text: string): string =>
    text
      .split(STYLE)
      .map((piece, index) => (index % 2 === 1 ? piece : cleanPiece(piece)))
      .join('')
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const text = open + decoder.write(chunk)
      open = OPEN_STYLE.exec(text)?.[0] ?? ''
      done(null, clean(text.slice(0, text.length - open.length)))
    },
    flush(done) {
      done(null, clean(open + decoder.end()))
    },
  })
}

/** Carriage returns stay as well: progress bars need them, and they only affect their own line. */
function cleanPiece(piece: string): string {
  return piece
    .split('\r')
    .map((part) => printable(part, {keepLines: true}))
    .join('\r')
}
