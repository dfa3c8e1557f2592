import {commandLine} from '../terminal/command-line.js'
import {fieldLines} from '../terminal/fields.js'
import {textTable} from '../terminal/table.js'
import {count, formatBytes, printable} from '../terminal/text.js'
import {wrapText} from '../terminal/wrap-text.js'
import {VERSION_CONTROL_IGNORES} from '../git/ignore/ignores.js'
import type {ChangedSync} from './change/change-syncs.js'
import type {ObservedSide, ObservedSync} from './observe-syncs.js'
import {isHalted, type SyncTrouble} from '../mutagen/session-health.js'

/** The state of a sync, in a word or two. */
export function syncStateText({checkedOut, clean, paused, status, troubles}: ObservedSync): string {
  if (paused) return 'paused'
  if (isHalted(status)) return 'halted'
  if (troubles.some(({kind}) => kind === 'disconnected')) return 'not connected'
  if (status !== 'watching') return printable(status)
  return clean || (checkedOut !== null && troubles.length === 0) ? 'in sync' : 'not in sync'
}

/** The number of problems of a sync: `2 conflicts, 1 problem`; empty if there are none. */
export function troublesText({checkedOut, conflicts, problems, troubles}: ObservedSync): string {
  const others = troubles.filter(({kind}) => kind !== 'conflict' && kind !== 'problem')
  return [
    ...(checkedOut === null ? [] : ['other branch']),
    ...others.map(({kind}) => kind),
    ...(conflicts === 0 ? [] : [count(conflicts, 'conflict')]),
    ...(problems === 0 ? [] : [count(problems, 'problem')]),
  ].join(', ')
}

/** A table of syncs, one a line. @param width columns of the terminal; undefined for no limit */
export function syncTable(syncs: readonly ObservedSync[], width: number | undefined): string {
  const head = ['NAME', 'STATE', 'FILES', 'TROUBLES', 'CONTAINER', 'FOLDER']
  const rows = syncs.map((sync) => [
    sync.name ?? sync.id,
    syncStateText(sync),
    sync.sides.folder.scanned ? sync.files.toLocaleString('en-US') : '-',
    troublesText(sync) || '-',
    `${sync.containerName ?? ''}:${sync.remote}`,
    sync.folder,
  ])
  return textTable([head, ...rows], width)
}

/** All details of syncs, one after the other. @param width columns of the terminal; undefined for no limit */
export function syncsText(syncs: readonly ObservedSync[], width: number | undefined): string {
  return syncs.map((sync) => syncText(sync, width)).join('\n\n')
}

/** The problems of a sync, each followed by what to do. @param indent put before each line */
export function troubleLines(troubles: readonly SyncTrouble[], indent: string): string[] {
  return troubles.flatMap(({detail, kind, path, remedy}) => [
    `${indent}${kind}${path === '' ? '' : ` ${printable(path)}`}: ${detail}`,
    `${indent}  ${remedy}`,
  ])
}

/** How to report a change. */
export interface ChangeWords {
  /** `pause`. */
  readonly verb: string
  /** `Paused`. */
  readonly done: string
  /** `Paused already`. */
  readonly already: string
  /** The sync is gone then, so that its problems do not need fixing. */
  readonly ends?: true
}

/** What happened to each sync, one line each; failed ones are reported by their error. */
export function changeText(syncs: readonly ChangedSync[], {already, done, ends, verb}: ChangeWords): string {
  return syncs
    .flatMap((sync) => {
      const {containerName, folder, id, name, outcome, remote} = sync
      const troubles = ends ? '' : troublesText(sync)
      const place = `${name ?? id} (${folder} -> ${containerName ?? ''}:${remote})`
      const text = printable(
        troubles === '' ? place : `${place}: ${troubles}, see ${commandLine`keg sync status ${name ?? id}`}`,
      )
      switch (outcome) {
        case 'planned':
          return [`Would ${verb} ${text}`]
        case 'unchanged':
          return [`${already}: ${text}`]
        case 'done':
          return [`${done} ${text}`]
        case 'failed':
          return []
      }
    })
    .join('\n')
}

/** The longest label, so that all syncs line up. */
const NAME_COLUMNS = 'New files'.length

function syncText(sync: ObservedSync, width: number | undefined): string {
  const {checkedOut, containerName, createdAt, folder, remote, settings, sides, staging} = sync
  const branch = checkedOut === null ? sync.branch : `${sync.branch ?? ''}, but ${checkedOut} is checked out`
  const watching = [
    settings.watchMode,
    settings.pollingInterval === null ? null : `every ${settings.pollingInterval} s`,
  ]
  const rows: [name: string, value: string | null][] = [
    ['State', syncStateText(sync)],
    ['Folder', `${folder}${amount(sides.folder)}`],
    ['Container', `${containerName ?? ''}:${remote}${amount(sides.container)}`],
    ['Branch', branch],
    ['Mode', sync.mode],
    ['Ignored', leftOut(sync)],
    ['Watching', watching.filter((word) => word !== null).join(', ') || null],
    ['New files', madeAs(sides.container)],
    ['Sending', staging && `${sent(staging)} to the ${staging.to}: ${staging.path}`],
    ['Made', createdAt],
  ]
  const shown = rows.filter((row): row is [string, string] => row[1] !== null && row[1] !== '')
  return [
    ...wrapText(printable(`${sync.name ?? sync.id}${sync.name === null ? '' : ` (${sync.id})`}`), width),
    ...fieldLines(
      shown.map(([name, value]) => [name, printable(value)] as const),
      {indent: 2, names: NAME_COLUMNS, width},
    ),
    ...troubleLines(sync.troubles, '  ').flatMap((line) => wrapText(line, width)),
  ].join('\n')
}

function amount({bytes, files, scanned}: ObservedSide): string {
  return scanned ? ` (${count(files, 'file')}, ${formatBytes(bytes)})` : ''
}

function sent({bytes, expectedFiles, files}: NonNullable<ObservedSync['staging']>): string {
  return `${files.toLocaleString('en-US')} of ${count(expectedFiles, 'file')}, ${formatBytes(bytes)}`
}

function leftOut({settings}: ObservedSync): string {
  const {ignores, ignoresVersionControl} = settings
  if (!ignoresVersionControl) return ignores.join(', ')
  const others = ignores.filter((pattern) => !VERSION_CONTROL_IGNORES.includes(pattern))
  return ['version control', ...others].join(', ')
}

function madeAs({permissions}: ObservedSide): string {
  const {directoryMode, fileMode, group, owner} = permissions
  const facts: [name: string, value: string | null][] = [
    ['files', fileMode],
    ['folders', directoryMode],
    ['owner', owner],
    ['group', group],
  ]
  return facts.flatMap(([name, value]) => (value === null ? [] : [`${name} ${value}`])).join(', ')
}
