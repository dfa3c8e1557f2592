import {createHash} from 'node:crypto'

/** Digits of a hash that distinguishes shared names, such as tags in a registry. */
const LONG_HASH = 10

/** Digits of a hash that distinguishes names on one machine: as many as git shows of a commit. */
export const SHORT_HASH = 7

/** The length of `-k` and the digits. */
export function hashEndingLength(digits = LONG_HASH): number {
  return 2 + digits
}

/**
 * Whether a text ends like the names that keg makes: in `-k` and the digits. A user's own name that ends like this is never kept.
 */
export function hasHashEnding(text: string, digits = LONG_HASH): boolean {
  return /^-k[0-9a-f]+$/.test(text.slice(-hashEndingLength(digits))) && text.length >= hashEndingLength(digits)
}

/** A name without such an ending; unchanged if it has none. */
export function withoutHashEnding(text: string): string {
  return hasHashEnding(text) ? text.slice(0, -hashEndingLength()) : text
}

/** `-k` and the first hexadecimal digits of the sha256 of a text's UTF-8 bytes. */
export function hashEnding(text: string, digits = LONG_HASH): string {
  return `-k${createHash('sha256').update(text, 'utf8').digest('hex').slice(0, digits)}`
}
