import {KNOWN_VALUES} from './known-values.js'
import type {ValueDefinition} from './value-definition.js'

/** A word in a name, such as a tap's or an environment's in upper case. */
const WORD = '[A-Z0-9]+(?:_[A-Z0-9]+)*'

const EXACT = new Map(KNOWN_VALUES.filter(({name}) => !name.includes('<')).map((each) => [each.name, each]))

const PATTERNS = KNOWN_VALUES.filter(({name}) => name.includes('<')).map((definition) => ({
  definition,
  pattern: new RegExp(`^${definition.name.replaceAll(/<\w+>/g, WORD)}$`),
}))

/** Names without placeholders. */
export const EXACT_NAMES: readonly string[] = [...EXACT.keys()]

/**
 * The definition of a value; undefined for an unknown one.
 * @param isDefined whether another value is set: `NODE_PATH` is a dependency's folder only beside `DOC_NODE_PATH`
 */
export function findDefinition(
  name: string,
  isDefined: (name: string) => boolean = () => true,
): ValueDefinition | undefined {
  const exact = EXACT.get(name)
  if (exact !== undefined) return exact
  const found = PATTERNS.find(({pattern}) => pattern.test(name))?.definition
  if (found?.name !== '<DEP>_PATH') return found
  return isDefined(`DOC_${name}`) ? found : undefined
}
