import {syncStateText, troublesText} from '../../sync/sync-text.js'
import type {ObservedSync} from '../../sync/observe-syncs.js'
import {troubleNotes} from '../../terminal/row-trouble.js'
import {folderGoneHint} from '../../tap-folder/link/find-tap.js'
import {commandLine} from '../../terminal/command-line.js'
import {formatDuration, printable} from '../../terminal/text.js'
import {textTable} from '../../terminal/table.js'
import {wrapText} from '../../terminal/wrap-text.js'
import type {ContainerStatus, ElsewhereContainer, TapStatus} from './tap-status.js'
import type {TapOverview} from './taps-overview.js'

/** A tap as text: its containers, syncs, and the rest. @param now milliseconds since 1970 */
export function statusText(status: TapStatus, {now, width}: {now: number; width: number | undefined}): string {
  const {branch, containers, elsewhere, folder, folderExists, syncs, tap, trouble, wantedImage} = status
  const current = containers.filter((container) => container.current)
  const others = containers.filter((container) => !container.current)
  const place = folderExists ? folder : `${folder}, which is gone`
  const head = printable(`${tap} in ${place}${branch === null ? '' : `, branch ${branch}`}`)
  const isOther = wantedImage?.differs === true
  const lines = [
    head,
    ...troubleNotes([{name: INDENT + tap, trouble}]),
    ...(current.length > 0 ? [indented(containerTable(current, now, width))] : []),
    ...(folderExists ? [] : [printable(`  ${folderGoneHint(tap)}`)]),
    ...(current.length === 0 && trouble === null && folderExists
      ? [`  No container is running. Start it with: ${commandLine`keg tap start ${tap}`}`]
      : []),
    ...current
      .filter(({app}) => app === 'idle')
      .map(({name}) =>
        printable(
          `  The app in ${name} has stopped, and its container is idle. Start it with: ${commandLine`keg tap start ${tap}`}`,
        ),
      ),
    ...(isOther
      ? [
          printable(
            `  ${commandLine`keg tap start ${tap}`} would use the current ${wantedImage.reference}, which is another image.`,
          ),
        ]
      : []),
    ...syncs.map((sync) => printable(`  ${syncLine(sync)}`)),
    ...(others.length === 0
      ? []
      : [
          trouble === null && folderExists ? 'Of other branches:' : 'Of any branch:',
          indented(containerTable(others, now, width)),
        ]),
    ...(elsewhere.length === 0 ? [] : ['In other folders:', ...elsewhere.map(elsewhereLine)]),
  ]
  return lines.flatMap((line) => wrapText(line, width)).join('\n')
}

/** Linked taps, one a line. @param width columns of the terminal; undefined for no limit */
export function overviewTable(taps: readonly TapOverview[], width: number | undefined): string {
  const rows = taps.map(({app, branch, folder, folderExists, health, state, syncs, tap, trouble, url}) => [
    tap,
    branch ?? (trouble === null ? '-' : 'unknown'),
    tapStateText({app, folder, folderExists, health, state, trouble}),
    syncs.length === 0 ? '-' : [...new Set(syncs.map(syncState))].join(', '),
    url ?? '-',
    folder ?? '-',
  ])
  const table = textTable([['TAP', 'BRANCH', 'STATE', 'SYNC', 'URL', 'FOLDER'], ...rows], width)
  const notes = troubleNotes(taps.map(({tap, trouble}) => ({name: tap, trouble})))
  return [table, ...notes.flatMap((note) => wrapText(note, width))].join('\n')
}

function tapStateText({
  app,
  folder,
  folderExists,
  health,
  state,
  trouble,
}: Pick<TapOverview, 'app' | 'folder' | 'folderExists' | 'health' | 'state' | 'trouble'>) {
  if (folder === null) return 'not valid'
  if (!folderExists) return 'folder is gone'
  // Without the branch it is unknown which container is meant.
  return trouble === null ? shownState(state ?? 'not started', {app, health}) : 'unknown'
}

function containerTable(containers: readonly ContainerStatus[], now: number, width: number | undefined): string {
  const rows = containers.map(({app, branch, exitCode, health, image, name, service, startedAt, state, url}) => [
    service ?? '-',
    name,
    exitCode === null ? shownState(state, {app, health}) : `${state} (${exitCode})`,
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
  const more = troubles === '' ? '' : `: ${troubles}, see ${commandLine`keg sync status ${name}`}`
  return `sync ${name} (${sync.folder} -> ${sync.remote}) ${syncStateText(sync)}, ${sync.mode}${more}`
}

function syncState(sync: ObservedSync): string {
  return troublesText(sync) || syncStateText(sync)
}

function elsewhereLine({branch, folder, folderExists, name, state}: ElsewhereContainer): string {
  const facts = [state, ...(branch === null ? [] : [`branch ${branch}`])].join(', ')
  // With a remote engine it can be a folder of another machine.
  const note = folderExists
    ? ''
    : `, which does not exist on this machine; remove it with: ${commandLine`docker rm -f ${name}`}`
  return printable(`  ${name} (${facts}) of ${folder}${note}`)
}

/** Docker's state, unless the container runs but is idle. */
function shownState(state: string, {app, health}: Pick<ContainerStatus, 'app' | 'health'>): string {
  if (app === 'idle') return 'idle'
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
