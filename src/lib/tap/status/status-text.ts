import {stateText, troublesText} from '../../sync/sync-text.js'
import type {ObservedSync} from '../../sync/observe-syncs.js'
import {formatDuration, printable} from '../../terminal/text.js'
import {textTable} from '../../terminal/table.js'
import type {ContainerStatus, ElsewhereContainer, TapStatus} from './tap-status.js'
import type {TapOverview} from './taps-overview.js'

/** A tap for people: its containers, its syncs, and what there is beside them. @param now milliseconds since 1970 */
export function statusText(status: TapStatus, {now, width}: {now: number; width: number | undefined}): string {
  const {branch, containers, elsewhere, folder, folderExists, syncs, tap, wantedImage} = status
  const current = containers.filter((container) => container.current)
  const others = containers.filter((container) => !container.current)
  const place = folderExists ? folder : `${folder}, which is gone`
  const head = printable(`${tap} in ${place}${branch === null ? '' : `, branch ${branch}`}`)
  const isOther = wantedImage?.differs === true
  return [
    head,
    ...(current.length === 0
      ? [`  No container runs for it: keg tap start ${tap}`]
      : [indented(containerTable(current, now, width))]),
    ...(isOther
      ? [printable(`  keg tap start would take the ${wantedImage.reference} of now, which is another image.`)]
      : []),
    ...syncs.map((sync) => printable(`  ${syncLine(sync)}`)),
    ...(others.length === 0 ? [] : ['Of other branches:', indented(containerTable(others, now, width))]),
    ...(elsewhere.length === 0 ? [] : ['In other folders:', ...elsewhere.map(elsewhereLine)]),
  ].join('\n')
}

/** Linked taps, one a line. @param width columns of the terminal; undefined where nothing has to fit */
export function overviewTable(taps: readonly TapOverview[], width: number | undefined): string {
  const rows = taps.map(({branch, folder, folderExists, health, state, syncs, tap, url}) => [
    tap,
    branch ?? '-',
    folderExists ? withHealth(state ?? 'not started', health) : 'folder is gone',
    syncs.length === 0 ? '-' : [...new Set(syncs.map(syncState))].join(', '),
    url ?? '-',
    folder,
  ])
  return textTable([['TAP', 'BRANCH', 'STATE', 'SYNC', 'URL', 'FOLDER'], ...rows], width)
}

function containerTable(containers: readonly ContainerStatus[], now: number, width: number | undefined): string {
  const rows = containers.map(({branch, exitCode, health, image, name, service, startedAt, state, url}) => [
    service ?? '-',
    name,
    exitCode === null ? withHealth(state, health) : `${state} (${exitCode})`,
    startedAt === null ? '-' : uptime(now - Date.parse(startedAt)),
    branch ?? '-',
    url ?? '-',
    image,
  ])
  const head = ['SERVICE', 'CONTAINER', 'STATE', 'UP', 'BRANCH', 'URL', 'IMAGE']
  return textTable([head, ...rows], width === undefined ? undefined : width - INDENT.length)
}

function syncLine(sync: ObservedSync): string {
  const name = sync.name ?? sync.id
  const troubles = troublesText(sync)
  const more = troubles === '' ? '' : `: ${troubles}, see keg sync status ${name}`
  return `sync ${name} (${sync.folder} -> ${sync.remote}) ${stateText(sync)}, ${sync.mode}${more}`
}

function syncState(sync: ObservedSync): string {
  return troublesText(sync) || stateText(sync)
}

function elsewhereLine({branch, folder, folderExists, name, state}: ElsewhereContainer): string {
  const facts = [state, ...(branch === null ? [] : [`branch ${branch}`])].join(', ')
  // Of an engine elsewhere it may be a folder of somebody else's machine.
  const note = folderExists ? '' : `, which is not on this machine; docker rm -f ${name} removes it`
  return printable(`  ${name} (${facts}) of ${folder}${note}`)
}

function withHealth(state: string, health: string | null): string {
  return health === null || state !== 'running' ? state : `${state}, ${health}`
}

/** In whole units: `12 s`, `5 min`, `3 h`, `2 d`. */
function uptime(milliseconds: number): string {
  const minutes = milliseconds / 60_000
  if (minutes < 1) return formatDuration(Math.max(0, Math.floor(milliseconds / 1000) * 1000)).replace('.0 s', ' s')
  if (minutes < 60) return `${Math.floor(minutes)} min`
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60 / 24)} d`
}

const INDENT = '  '

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `${INDENT}${line}`)
    .join('\n')
}
