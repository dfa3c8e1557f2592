import {table} from './generated-part.js'

/**
 * @param {readonly import('../../src/lib/tap/compose/compose-support.js').SupportGroup[]} groups
 * @returns {string} a heading and a table for each part of a compose file
 */
export function composeReference(groups) {
  return groups
    .map(({rows, title}) => {
      const lines = rows.map(({keys, note, warning}) => [
        keys.map((key) => `\`${key}\``).join(', '),
        warning === undefined ? 'yes' : 'said',
        note,
      ])
      return `### ${title}\n\n${table(['Key', 'Works', 'Note'], lines) ?? ''}\n`
    })
    .join('\n')
}
