import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import type {NewTap} from './new-tap.js'

/** What was created, and how to start it. */
export function newTapText({composeFile, dryRun, files, folder, isCommand, linked, name}: NewTap): string {
  const uses = composeFile === null ? '' : `, which uses its ${composeFile}`
  const colon = files.length === 0 ? '.' : ':'
  const head = `${dryRun ? 'Would create' : 'Created'} the tap ${name} in ${folder}${uses}${colon}`
  const lines = [head, ...files.map((file) => `  ${file}`), ...next()]
  return printable(lines.join('\n'), {keepLines: true})

  function next(): string[] {
    if (dryRun) return []
    const start = isCommand ? commandLine`keg ${name} start` : commandLine`keg tap start ${name}`
    return linked ? [`Start it with: ${start}`] : [`Link it with: ${commandLine`keg tap link ${folder}`}`]
  }
}
