import {UsageError} from '../../error/keg-error.js'
import {printable} from '../../terminal/text.js'

/** The longest name of a tap, in characters: with a branch it has to fit into names of containers and hosts. */
export const LONGEST_TAP_NAME = 40

/** Names of commands, compose projects, containers and DNS labels can all be written so (RFC 1123, compose-spec). */
const grammar = new RegExp(`^[a-z](?:[a-z0-9-]{0,${LONGEST_TAP_NAME - 2}}[a-z0-9])?$`)

/** Whether a text can be the name of a tap. */
export function isTapName(text: string): boolean {
  return grammar.test(text)
}

/** @throws UsageError `tap-name-invalid` for what cannot be the name of a tap */
export function checkTapName(text: string): void {
  if (isTapName(text)) return
  const suggestion = cleanTapName(text)
  const example = suggestion === undefined ? '' : ` For example: ${suggestion}`
  throw new UsageError(`${JSON.stringify(printable(text))} cannot be the name of a tap.`, {
    code: 'tap-name-invalid',
    hint: `A name has up to ${LONGEST_TAP_NAME} lower case letters, digits and dashes, and begins with a letter.${example}`,
  })
}

/** A text made into a name, or undefined where nothing of it is left. */
export function cleanTapName(text: string): string | undefined {
  const name = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, LONGEST_TAP_NAME)
    .replace(/-+$/, '')
  return isTapName(name) ? name : undefined
}
