import {textTable} from '../terminal/table.js'
import {count, formatBytes, printable} from '../terminal/text.js'
import type {ChangedSync} from './change/change-syncs.js'
import type {ObservedSide, ObservedSync} from './observe-syncs.js'
import {isHalted, type SyncTrouble} from './session-health.js'

/** How a sync is, in a word or two. */
export function stateText({checkedOut, clean, paused, status, troubles}: ObservedSync): string {
  if (paused) return 'paused'
  if (isHalted(status)) return 'halted'
  if (troubles.some(({kind}) => kind === 'disconnected')) return 'not connected'
  if (status !== 'watching') return printable(status)
  return clean || (checkedOut !== null && troubles.length === 0) ? 'in sync' : 'not in sync'
}

/** What is wrong with a sync, counted: `2 conflicts, 1 problem`; empty where nothing is. */
export function troublesText({checkedOut, conflicts, problems, troubles}: ObservedSync): string {
  const others = troubles.filter(({kind}) => kind !== 'conflict' && kind !== 'problem')
  return [
    ...(checkedOut === null ? [] : ['other branch']),
    ...others.map(({kind}) => kind),
    ...(conflicts === 0 ? [] : [count(conflicts, 'conflict')]),
    ...(problems === 0 ? [] : [count(problems, 'problem')]),
  ].join(', ')
}

/** A table of syncs, one a line. @param width columns of the terminal; undefined where nothing has to fit */
export function syncTable(syncs: readonly ObservedSync[], width: number | undefined): string {
  const head = ['NAME', 'STATE', 'FILES', 'TROUBLES', 'CONTAINER', 'FOLDER']
  const rows = syncs.map((sync) => [
    sync.name ?? sync.id,
    stateText(sync),
    sync.sides.folder.scanned ? sync.files.toLocaleString('en-US') : '-',
    troublesText(sync) || '-',
    `${sync.containerName ?? ''}:${sync.remote}`,
    sync.folder,
  ])
  return textTable([head, ...rows], width)
}

/** All that is known of syncs, each by itself. */
export function syncsText(syncs: readonly ObservedSync[]): string {
  return syncs.map(syncText).join('\n\n')
}

/** Troubles of a sync, each with what to do below it. @param indent what every line begins with */
export function troubleLines(troubles: readonly SyncTrouble[], indent: string): string[] {
  return troubles.flatMap(({detail, kind, path, remedy}) => [
    `${indent}${kind}${path === '' ? '' : ` ${printable(path)}`}: ${detail}`,
    `${indent}  ${remedy}`,
  ])
}

/** How a change is told. */
export interface ChangeWords {
  /** `pause`. */
  readonly verb: string
  /** `Paused`. */
  readonly done: string
  /** `Paused already`. */
  readonly already: string
  /** The sync is no more then, so that nothing of it has to be mended. */
  readonly ends?: true
}

/** What became of each, a line for one; what failed is told by its error. */
export function changeText(syncs: readonly ChangedSync[], {already, done, ends, verb}: ChangeWords): string {
  return syncs
    .flatMap((sync) => {
      const {containerName, folder, id, name, outcome, remote} = sync
      const troubles = ends ? '' : troublesText(sync)
      const place = `${name ?? id} (${folder} -> ${containerName ?? ''}:${remote})`
      const text = printable(troubles === '' ? place : `${place}: ${troubles}, see keg sync status ${name ?? id}`)
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

function syncText(sync: ObservedSync): string {
  const {checkedOut, containerName, createdAt, folder, remote, settings, sides, staging} = sync
  const branch = checkedOut === null ? sync.branch : `${sync.branch ?? ''}, but ${checkedOut} is checked out`
  const watching = [
    settings.watchMode,
    settings.pollingInterval === null ? null : `every ${settings.pollingInterval} s`,
  ]
  const rows: [name: string, value: string | null][] = [
    ['State', stateText(sync)],
    ['Folder', `${folder}${amount(sides.folder)}`],
    ['Container', `${containerName ?? ''}:${remote}${amount(sides.container)}`],
    ['Branch', branch],
    ['Mode', sync.mode],
    ['Left out', leftOut(sync)],
    ['Watching', watching.filter((word) => word !== null).join(', ') || null],
    ['Makes files', madeAs(sides.container)],
    ['Sending', staging && `${sent(staging)} to the ${staging.to}: ${staging.path}`],
    ['Made', createdAt],
  ]
  const shown = rows.filter((row): row is [string, string] => row[1] !== null && row[1] !== '')
  return [
    printable(`${sync.name ?? sync.id}${sync.name === null ? '' : ` (${sync.id})`}`),
    ...shown.map(([name, value]) => `  ${name.padEnd(13)}${printable(value)}`),
    ...troubleLines(sync.troubles, '  '),
  ].join('\n')
}

function amount({bytes, files, scanned}: ObservedSide): string {
  return scanned ? ` (${count(files, 'file')}, ${formatBytes(bytes)})` : ''
}

function sent({bytes, expectedFiles, files}: NonNullable<ObservedSync['staging']>): string {
  return `${files.toLocaleString('en-US')} of ${count(expectedFiles, 'file')}, ${formatBytes(bytes)}`
}

function leftOut({settings}: ObservedSync): string {
  return [...(settings.ignoresVersionControl ? ['version control'] : []), ...settings.ignores].join(', ')
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
