import {table} from './generated-part.js'

/** @typedef {import('../../src/lib/config/schema/value-definition.js').ValueDefinition} ValueDefinition */
/** @typedef {import('../../src/lib/config/schema/value-definition.js').ValueGroup} ValueGroup */

/**
 * All values as Markdown tables, one for each group.
 *
 * @param {readonly ValueGroup[]} groups
 * @returns {string}
 */
export function valueReference(groups) {
  return groups.map(({definitions, title}) => `### ${title}\n\n${groupTable(definitions)}\n`).join('\n')
}

/** @param {readonly ValueDefinition[]} definitions */
function groupTable(definitions) {
  if (definitions.every(isRetired))
    return table(
      ['Value', 'Meaning'],
      definitions.map(({meaning, name}) => [`\`${name}\``, meaning]),
    )
  return table(
    ['Value', 'Meaning', 'Type', 'Default', 'Read by'],
    definitions.map((definition) => [
      `\`${definition.name}\``,
      definition.meaning + (definition.isSecret === true ? ' Never shown.' : ''),
      typeOf(definition),
      definition.default === undefined ? (definition.otherwise ?? '') : `\`${definition.default}\``,
      definition.readBy.join(', '),
    ]),
  )
}

/** @param {ValueDefinition} definition */
function typeOf({choices, type}) {
  return choices === undefined
    ? type
    : Object.keys(choices)
        .map((choice) => `\`${choice}\``)
        .join(', ')
}

/** @param {ValueDefinition} definition */
const isRetired = ({readBy}) => readBy.length === 0
