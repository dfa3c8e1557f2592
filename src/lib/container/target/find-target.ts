import type {ContainerDetails, ContainerRow, ImageDetails} from '../../engine/types.js'
import {FailedError, UsageError} from '../../error/keg-error.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import {connectedRows, foldersUpTo} from './connected-folder.js'
import {CONTAINER_LABELS} from '../../label/container-labels.js'
import {COMPOSE_FOLDER, exactly, named, rowsOfFolder, running} from './match-rows.js'
import {rowName, shownName} from '../container-name.js'
import type {EngineWork} from '../../engine/engine-work.js'
import type {Work} from '../../work/work.js'

const {branch: BRANCH, folder: FOLDER, role: ROLE} = CONTAINER_LABELS

/** How to find a container. */
export interface FindTargetOptions {
  /** What the user typed, if anything. */
  readonly target: string | undefined
  /** The top of the folder's repository: a container can belong to any folder up to there. */
  readonly top: string | undefined
  /** The checked-out branch. */
  readonly branch: string | undefined
  /** A command line with a container name, for hints: `keg docker package CONTAINER`. */
  readonly usage: string
}

/**
 * Finds the container that the user means: by exact name or full id, then as a linked tap's for the checked-out branch, then
 * as a service of this folder's compose project, then by a unique prefix of an id. Without a target: the container that
 * belongs to this folder by label, this branch's first, and a tap's main one; then one that the folder is synced with or
 * mounted into; otherwise a user at a terminal chooses among the running ones. A container of `docker compose run` is found
 * only by its own name or id.
 * @throws UsageError `container-unknown`, `container-ambiguous` (with the list) or `container-missing`; FailedError
 * `container-dead` for one whose files are gone, `tap-not-started` and `tap-folder-missing` for a tap if nothing else has
 * the name.
 */
export async function findTarget(
  work: Pick<EngineWork, 'engine' | 'environment' | 'folder' | 'prompt'>,
  options: FindTargetOptions,
): Promise<ContainerDetails> {
  const {engine, environment, folder} = work
  const {target} = options
  const rows = (await engine.containers()).filter(({Labels}) => Labels?.[ROLE] !== 'helper')
  const exact = target === undefined ? [] : exactly(rows, target)
  // Few targets are taps: loaded only then.
  const linked =
    target === undefined || exact.length > 0
      ? undefined
      : await (await import('./linked-tap.js')).findLinkedTap(work, {name: target, folder})
  if (linked?.kind === 'container') return notDead(linked.container)
  const folders = await foldersUpTo(folder, options.top)
  const found =
    target === undefined
      ? await findInCurrentFolder(work, rows, folders, options)
      : exact.length > 0
        ? exact
        : named(rows, folders, target)
  if (found.length === 0 && linked !== undefined) throw linked.error
  const unknown = async (name: string): Promise<UsageError> =>
    unknownTarget(
      name,
      rows,
      await (await import('./suggest-target.js')).suggestTarget(name, {environment, folders, rows}),
    )
  if (found.length === 0 && target !== undefined) throw await unknown(target)
  const row = found.length === 1 ? found[0] : await chooseOne(work, found, rows, options)
  const container = row && (await work.engine.container(row.Id))
  if (container === undefined) throw await unknown(target ?? '')
  return notDead(container)
}

/**
 * The folder that a container belongs to by label. A label from its image is not trusted: it could name any folder of this
 * machine.
 */
export function folderOf(container: ContainerDetails, image: ImageDetails): string | undefined {
  const own = [FOLDER, COMPOSE_FOLDER].filter((name) => image.Config?.Labels?.[name] === undefined)
  return own.map((name) => container.Config.Labels?.[name]).find((folder) => folder !== undefined && folder !== '')
}

/** The branch of a container by label, unless that comes from its image. */
export function branchOf(container: ContainerDetails, image: ImageDetails): string | undefined {
  if (image.Config?.Labels?.[BRANCH] !== undefined) return undefined
  return container.Config.Labels?.[BRANCH] || undefined
}

/** By label, or else by sync or mount. */
async function findInCurrentFolder(
  work: Pick<EngineWork, 'engine' | 'environment'>,
  rows: readonly ContainerRow[],
  folders: readonly string[],
  options: FindTargetOptions,
): Promise<readonly ContainerRow[]> {
  const labelled = rowsOfFolder(rows, folders, options.branch)
  return labelled.length > 0 ? labelled : connectedRows(work, rows, {branch: options.branch, folders})
}

async function chooseOne(
  {prompt}: Pick<Work, 'prompt'>,
  found: readonly ContainerRow[],
  rows: readonly ContainerRow[],
  {target, usage}: FindTargetOptions,
): Promise<ContainerRow> {
  const offered = found.length === 0 ? running(rows) : found
  if (prompt.isInteractive && offered.length > 0) {
    const question = found.length === 0 ? 'No container belongs to this folder. Which one?' : 'Which container?'
    const choices = offered.map((row) => ({name: `${rowName(row)} (${row.Image}, ${row.State})`, value: row}))
    return prompt.choose(question, choices, {flag: usage, isList: true})
  }
  if (found.length === 0) throw missing(rows, usage)
  const what =
    target === undefined ? 'This folder has several containers' : `${printable(target)} matches several containers`
  throw new UsageError(`${what}: ${listed(found)}.`, {
    code: 'container-ambiguous',
    hint: 'Name one of them.',
    data: {containers: found.map(rowName)},
  })
}

function notDead(container: ContainerDetails): ContainerDetails {
  const name = shownName(container)
  const {Dead, Status} = container.State
  if (Dead !== true && Status !== 'dead' && Status !== 'removing') return container
  throw new FailedError(`The container ${name} is ${printable(Status)}: the engine no longer has its files.`, {
    code: 'container-dead',
    hint: `Remove what is left of it with: ${commandLine`docker rm -f ${name}`}`,
  })
}

function unknownTarget(target: string, rows: readonly ContainerRow[], question: string): UsageError {
  return new UsageError(
    `There is no container, linked tap, service of this folder or container id ${printable(target)}.`,
    {
      code: 'container-unknown',
      hint: `${question}${hintOf(rows)}`,
      data: {containers: running(rows).map(rowName)},
    },
  )
}

function missing(rows: readonly ContainerRow[], usage: string): UsageError {
  return new UsageError('No container belongs to this folder.', {
    code: 'container-missing',
    hint: `Name one: ${usage}. ${hintOf(rows)}`,
    data: {containers: running(rows).map(rowName)},
  })
}

function hintOf(rows: readonly ContainerRow[]): string {
  return running(rows).length === 0 ? 'No container is running.' : `Running: ${listed(running(rows))}.`
}

function listed(rows: readonly ContainerRow[]): string {
  const most = 10
  const names = rows.slice(0, most).map((row) => printable(rowName(row)))
  return rows.length > most ? `${names.join(', ')} and ${rows.length - most} more` : names.join(', ')
}
