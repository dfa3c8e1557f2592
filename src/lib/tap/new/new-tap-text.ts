import {printable, shellLine} from '../../terminal/text.js'
import type {NewTap} from './new-tap.js'

/** What was made, and how it is started. */
export function newTapText({dryRun, files, folder, isCommand, linked, name}: NewTap): string {
  const head = `${dryRun ? 'Would make' : 'Made'} the tap ${name} in ${folder}:`
  const lines = [head, ...files.map((file) => `  ${file}`), ...next()]
  return printable(lines.join('\n'), {keepLines: true})

  function next(): string[] {
    if (dryRun) return []
    const start = isCommand ? `keg ${name} start` : `keg tap start ${name}`
    return linked ? [`Start it with: ${start}`] : [`Link it with: ${shellLine(['keg', 'tap', 'link', folder])}`]
  }
}
