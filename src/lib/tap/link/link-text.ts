import {printable} from '../../terminal/text.js'
import {textTable} from '../../terminal/table.js'
import type {LinkedTap} from './change/link-tap.js'
import type {ListedTap} from './list-taps.js'
import type {UnlinkedTap} from './change/unlink-tap.js'

/** What became of a link, and how its tap is started. */
export function linkText({before, dryRun, isCommand, name, outcome, path}: LinkedTap): string {
  const start = isCommand ? `keg ${name} start` : `keg tap start ${name}`
  const next = dryRun ? '' : `\nStart it with: ${start}`
  switch (outcome) {
    case 'linked':
      return printable(`${dryRun ? 'Would link' : 'Linked'} ${path} as ${name}.${next}`, {keepLines: true})
    case 'moved':
      return printable(
        `${name} ${dryRun ? 'would lead' : 'leads'} to ${path} now, no more to ${before ?? ''}.${next}`,
        {
          keepLines: true,
        },
      )
    case 'unchanged':
      return printable(`${path} is linked as ${name} already.${next}`, {keepLines: true})
    case 'worktree':
      return printable(`${path} needs no link: it is a worktree of ${name}. With --force, ${name} leads here instead.`)
  }
}

export function unlinkText({dryRun, name, path}: UnlinkedTap): string {
  return printable(`${dryRun ? 'Would unlink' : 'Unlinked'} ${name} (${path}).`)
}

/** A table of links, one a line. @param width columns of the terminal; undefined where nothing has to fit */
export function linkTable(taps: readonly ListedTap[], width: number | undefined): string {
  const rows = taps.map(({branch, exists, name, path}) => [name, exists ? (branch ?? '-') : 'folder is gone', path])
  return textTable([['NAME', 'BRANCH', 'FOLDER'], ...rows], width)
}
