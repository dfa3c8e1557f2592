import {realpath} from 'node:fs/promises'
import {dirname} from 'node:path'
import type {Questions} from '../command/ask.js'
import type {Engine} from '../engine/engine.js'
import type {ContainerDetails, ContainerRow, ImageDetails} from '../engine/types.js'
import {FailedError, UsageError} from '../error/keg-error.js'
import {printable} from '../terminal/text.js'
import {CONTAINER_LABELS} from './container-labels.js'

const {branch: BRANCH, folder: FOLDER, role: ROLE, tapMain: TAP_MAIN} = CONTAINER_LABELS
const COMPOSE_FOLDER = 'com.docker.compose.project.working_dir'
export const COMPOSE_SERVICE = 'com.docker.compose.service'

/** What a container is looked for with. */
export interface FindTargetOptions {
  readonly engine: Engine
  /** What the user wrote, if anything. */
  readonly target: string | undefined
  /** Says where the links of taps are. */
  readonly environment: NodeJS.ProcessEnv
  /** The current folder. */
  readonly folder: string
  /** The top of the repository the folder is in: a container may belong to any folder on the way there. */
  readonly top: string | undefined
  /** The branch checked out. */
  readonly branch: string | undefined
  readonly questions: Questions
  /** The command line that names a container, for hints: `keg docker package CONTAINER`. */
  readonly usage: string
}

/**
 * Finds the one container that is meant: by its exact name or full id, else that of a linked tap for the branch checked out, else as
 * a service of this folder's compose project, else by a unique prefix of an id; without a target the container that belongs to this
 * folder, this branch's first, and of a tap's containers its own.
 * @throws UsageError `container-unknown`, `container-ambiguous` (with the list) or `container-missing`; FailedError
 * `container-dead` for one whose files are gone, `tap-not-started` and `tap-folder-missing` for a tap that nothing else is called as.
 */
export async function findTarget(options: FindTargetOptions): Promise<ContainerDetails> {
  const {engine, environment, folder, target} = options
  const rows = (await engine.containers()).filter(({Labels}) => Labels?.[ROLE] !== 'helper')
  const exact = target === undefined ? [] : exactly(rows, target)
  // Few targets are taps: what finds those is not loaded for the others.
  const linked =
    target === undefined || exact.length > 0
      ? undefined
      : await (await import('./linked-tap.js')).findLinkedTap({engine, name: target, folder, environment})
  if (linked?.kind === 'container') return alive(linked.container)
  const folders = await foldersUpTo(folder, options.top)
  const found =
    target === undefined
      ? ofFolder(rows, folders, options.branch)
      : exact.length > 0
        ? exact
        : named(rows, folders, target)
  if (found.length === 0 && linked !== undefined) throw linked.error
  const row = found.length === 1 ? found[0] : await chooseOne(found, rows, options)
  const container = row && (await options.engine.container(row.Id))
  if (container === undefined) throw unknown(options.target ?? '', rows)
  return alive(container)
}

/**
 * The folder a container belongs to by its labels. One that came with its image is a stranger's word: it would make any
 * folder of this machine the project's own.
 */
export function folderOf(container: ContainerDetails, image: ImageDetails): string | undefined {
  const own = [FOLDER, COMPOSE_FOLDER].filter((name) => image.Config?.Labels?.[name] === undefined)
  return own.map((name) => container.Config.Labels?.[name]).find((folder) => folder !== undefined && folder !== '')
}

/** The branch that a container is for by its label, unless that came with its image. */
export function branchOf(container: ContainerDetails, image: ImageDetails): string | undefined {
  if (image.Config?.Labels?.[BRANCH] !== undefined) return undefined
  return container.Config.Labels?.[BRANCH] || undefined
}

/** A container's name as docker shows it. */
export function nameOf(container: Pick<ContainerDetails, 'Name'>): string {
  return container.Name.replace(/^\//, '')
}

function exactly(rows: readonly ContainerRow[], target: string): readonly ContainerRow[] {
  return rows.filter((row) => row.Id === target || row.Names?.includes(`/${target}`) === true)
}

function named(rows: readonly ContainerRow[], folders: readonly string[], target: string): readonly ContainerRow[] {
  const services = rows.filter(({Labels}) => Labels?.[COMPOSE_SERVICE] === target && belongsTo(Labels, folders))
  if (services.length > 0) return services
  return /^[0-9a-f]+$/.test(target) ? rows.filter(({Id}) => Id.startsWith(target)) : []
}

function ofFolder(
  rows: readonly ContainerRow[],
  folders: readonly string[],
  branch: string | undefined,
): readonly ContainerRow[] {
  const own = rows.filter(({Labels}) => Labels?.[ROLE] !== 'package' && belongsTo(Labels, folders))
  const ofBranch = own.filter(({Labels}) => branch !== undefined && Labels?.[BRANCH] === branch)
  const found = ofBranch.length > 0 ? ofBranch : own
  const main = found.filter(({Labels}) => Labels?.[TAP_MAIN] === 'true')
  return main.length === 1 ? main : found
}

function belongsTo(labels: ContainerRow['Labels'] | undefined, folders: readonly string[]): boolean {
  const folder = labels?.[FOLDER] ?? labels?.[COMPOSE_FOLDER]
  return folder !== undefined && folders.includes(folder)
}

/** The folder and those above it up to `top`, as they are written and as real paths. */
async function foldersUpTo(folder: string, top: string | undefined): Promise<string[]> {
  const folders = new Set([folder])
  const last = top ?? folder
  for (let path = await realpath(folder).catch(() => folder); ; path = dirname(path)) {
    folders.add(path)
    if (path === last || !path.startsWith(last) || path === dirname(path)) return [...folders]
  }
}

async function chooseOne(
  found: readonly ContainerRow[],
  rows: readonly ContainerRow[],
  {questions, target, usage}: FindTargetOptions,
): Promise<ContainerRow> {
  if (found.length === 0) throw target === undefined ? missing(rows, usage) : unknown(target, rows)
  const choices = found.map((row) => ({name: `${rowName(row)} (${row.Image}, ${row.State})`, value: row}))
  if (questions.possible) return questions.choose('Which container?', choices, {flag: usage})
  const what =
    target === undefined ? 'This folder has several containers' : `${printable(target)} fits several containers`
  throw new UsageError(`${what}: ${listed(found)}.`, {
    code: 'container-ambiguous',
    hint: 'Name one of them.',
    data: {containers: found.map(rowName)},
  })
}

function alive(container: ContainerDetails): ContainerDetails {
  const name = printable(nameOf(container))
  const {Dead, Status} = container.State
  if (Dead !== true && Status !== 'dead' && Status !== 'removing') return container
  throw new FailedError(`The container ${name} is ${printable(Status)}: the engine keeps its files no longer.`, {
    code: 'container-dead',
    hint: `Remove what is left of it with: docker rm -f ${name}`,
  })
}

function unknown(target: string, rows: readonly ContainerRow[]): UsageError {
  return new UsageError(
    `There is no container, linked tap, service of this folder or container id ${printable(target)}.`,
    {
      code: 'container-unknown',
      hint: hintOf(rows),
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

function running(rows: readonly ContainerRow[]): readonly ContainerRow[] {
  return rows.filter(({State}) => State === 'running' || State === 'paused')
}

function listed(rows: readonly ContainerRow[]): string {
  const most = 10
  const names = rows.slice(0, most).map((row) => printable(rowName(row)))
  return rows.length > most ? `${names.join(', ')} and ${rows.length - most} more` : names.join(', ')
}

function rowName(row: ContainerRow): string {
  return row.Names?.[0]?.replace(/^\//, '') ?? row.Id.slice(0, 12)
}
