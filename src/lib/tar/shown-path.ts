import {bytesToText} from './tar-header.js'

/** A path of a tar (byte string, no leading slash) for display. */
export function shownPath(path: string): string {
  return `/${shownBytes(path)}`
}

/** How many characters of a path a message shows. */
const MAX_SHOWN = 200

/** A path for display in a sentence; a very long one is cut in the middle. */
export function shortPath(path: string): string {
  const shown = Array.from(shownPath(path))
  if (shown.length <= MAX_SHOWN) return shown.join('')
  return [...shown.slice(0, MAX_SHOWN / 2), '…', ...shown.slice(-MAX_SHOWN / 2 + 1)].join('')
}

/**
 * Bytes as text for people in which different names stay different: visible UTF-8 is kept, every other byte, and the backslash,
 * becomes `\ooo` as in mtree(5).
 */
export function shownBytes(bytes: string): string {
  const text = bytesToText(bytes)
  const isText = Buffer.from(text, 'utf8').toString('latin1') === bytes
  const escaped = (part: string): string =>
    [...Buffer.from(part, isText ? 'utf8' : 'latin1')].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
  return isText ? text.replace(/[\p{C}\p{Zl}\p{Zp}\\]/gu, escaped) : bytes.replace(/[^ -[\]-~]/g, escaped)
}
