import {troubleNotes} from '../../terminal/row-trouble.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import {textTable} from '../../terminal/table.js'
import {wrapText} from '../../terminal/wrap-text.js'
import type {LinkTapResult} from './change/link-tap.js'
import type {ListedTap} from './list-taps.js'
import type {UnlinkedTap} from './change/unlink-tap.js'

/** The result of a link, and how to start its tap. */
export function linkText({before, dryRun, isCommand, name, outcome, path}: LinkTapResult): string {
  const start = isCommand ? commandLine`keg ${name} start` : commandLine`keg tap start ${name}`
  const next = dryRun ? '' : `\nStart it with: ${start}`
  switch (outcome) {
    case 'linked':
      return printable(`${dryRun ? 'Would link' : 'Linked'} ${path} as ${name}.${next}`, {keepLines: true})
    case 'moved':
      return printable(
        `${name} ${dryRun ? 'would be' : 'is'} linked to ${path}, no longer to ${before ?? ''}.${next}`,
        {
          keepLines: true,
        },
      )
    case 'unchanged':
      return printable(`${path} is already linked as ${name}.${next}`, {keepLines: true})
    case 'worktree':
      return printable(
        `${path} needs no link: it is a worktree of ${name}. With --force, ${name} is linked to it instead.`,
      )
  }
}

export function unlinkText({dryRun, name, path}: UnlinkedTap): string {
  return printable(`${dryRun ? 'Would unlink' : 'Unlinked'} ${name} (${path ?? 'its record was not valid'}).`)
}

/** A table of links, one a line. @param width columns of the terminal; undefined for no limit */
export function linkTable(taps: readonly ListedTap[], width: number | undefined): string {
  const state = ({branch, exists, path, trouble}: ListedTap): string =>
    path === null ? 'not valid' : exists ? (branch ?? (trouble === null ? '-' : 'unknown')) : 'folder is gone'
  const rows = taps.map((tap) => [tap.name, state(tap), tap.path ?? '-'])
  const notes = troubleNotes(taps).flatMap((note) => wrapText(note, width))
  return [textTable([['NAME', 'BRANCH', 'FOLDER'], ...rows], width), ...notes].join('\n')
}
