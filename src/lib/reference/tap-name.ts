import {UsageError} from '../error/keg-error.js'
import {printable} from '../terminal/text.js'

/** The maximum length of a tap name, in characters: with a branch it has to fit into names of containers and hosts. */
export const MAX_TAP_NAME_LENGTH = 40

/** Valid for commands, compose projects, containers and DNS labels (RFC 1123, compose-spec). */
const grammar = new RegExp(`^[a-z](?:[a-z0-9-]{0,${MAX_TAP_NAME_LENGTH - 2}}[a-z0-9])?$`)

/** Whether a text can be the name of a tap. */
export function isTapName(text: string): boolean {
  return grammar.test(text)
}

/** @throws UsageError `tap-name-invalid` for an invalid name */
export function checkTapName(text: string): void {
  if (isTapName(text)) return
  const suggestion = cleanTapName(text)
  const example = suggestion === undefined ? '' : ` For example: ${suggestion}`
  throw new UsageError(`${JSON.stringify(printable(text))} cannot be the name of a tap.`, {
    code: 'tap-name-invalid',
    hint: `A name has up to ${MAX_TAP_NAME_LENGTH} lower case letters, digits and dashes, and starts with a letter.${example}`,
  })
}

/** A text cleaned to a valid name, or undefined if nothing of it is left. */
export function cleanTapName(text: string): string | undefined {
  const name = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, MAX_TAP_NAME_LENGTH)
    .replace(/-+$/, '')
  return isTapName(name) ? name : undefined
}
