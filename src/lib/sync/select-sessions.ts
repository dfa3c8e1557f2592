import {realpath, stat} from 'node:fs/promises'
import {resolve} from 'node:path'
import type {Work} from '../work/work.js'
import {RefusedError, UsageError} from '../error/keg-error.js'
import {findGitFolder} from '../git/repository.js'
import {didYouMean} from '../terminal/closest-word.js'
import {commandLine} from '../terminal/command-line.js'
import {printable} from '../terminal/text.js'
import {containerNameOf, sessionText} from '../mutagen/session-health.js'
import {isManaged, labelValue, SYNC_LABELS} from '../mutagen/session-labels.js'
import type {SyncSession} from '../mutagen/session.js'
import {isWithin} from '../tar/path.js'

/** Which sessions to select. */
export interface SelectSessionsOptions {
  /** All sessions of Mutagen, made by keg or not. */
  readonly sessions: readonly SyncSession[]
  /**
   * Each is the name or id of a session; the name or id of a container, for all sessions into it; a unique prefix of an id;
   * or a folder, for its sessions and those of folders in it, or else those that contain it.
   */
  readonly targets: readonly string[]
  /** All syncs that keg made. */
  readonly all: boolean
  /** The flag that takes the targets; undefined if they are arguments. */
  readonly targetFlag?: string
  /** Without targets, if several match: take all of them, or ask for one. */
  readonly several: 'all' | 'ask'
}

/** Without a target, the sessions of the current folder and of its repository. */
type SelectWork = Pick<Work, 'folder' | 'prompt'>

/**
 * Finds the selected sessions of keg, each once.
 * @throws UsageError `sync-unknown`, `sync-ambiguous`, `sync-missing` with a list of the existing ones; `usage-invalid` for
 * targets together with `all`; RefusedError `sync-foreign` for sessions that keg did not make
 */
export async function selectSessions(
  work: SelectWork,
  options: SelectSessionsOptions,
): Promise<readonly SyncSession[]> {
  const {all, sessions, several, targets} = options
  const managed = sessions.filter(isManaged)
  if (all && targets.length > 0)
    throw new UsageError('--all cannot be combined with names of syncs.', {
      code: 'usage-invalid',
      hint: 'Name syncs, or use --all.',
    })
  if (all) return managed
  if (targets.length === 0) {
    const found = await sessionsOfRepository(managed, work.folder)
    if (several === 'all') return found
    if (found.length === 0) {
      if (managed.length === 0 || !work.prompt.isInteractive) throw missing(managed)
      return chooseSome(work, managed, 'No sync belongs to this folder', options)
    }
    return found.length === 1 ? found : chooseSome(work, found, 'This folder has several syncs', options)
  }
  const found = new Set<SyncSession>()
  for (const target of targets) for (const session of await sessionsNamed(work, target, options)) found.add(session)
  return [...found]
}

async function sessionsNamed(
  work: SelectWork,
  target: string,
  options: SelectSessionsOptions,
): Promise<readonly SyncSession[]> {
  const {sessions} = options
  const ways = [exactly, byBeginning]
  for (const way of ways) {
    const fitting = way(sessions, target)
    if (fitting.length === 0) continue
    const managed = fitting.filter(isManaged)
    if (managed.length === 0) throw foreign(target, fitting)
    const isUnique =
      managed.length === 1 || (way === exactly ? isWholeContainer(managed, target) : haveOneContainer(managed))
    return isUnique ? managed : chooseSome(work, managed, `${printable(target)} matches several syncs`, options)
  }
  const ofFolder = await sessionsOfFolder(sessions, target, work.folder)
  const managed = ofFolder.filter(isManaged)
  if (managed.length > 0) return managed
  throw ofFolder.length > 0 ? foreign(target, ofFolder) : await unknown(target, sessions.filter(isManaged))
}

function exactly(sessions: readonly SyncSession[], target: string): readonly SyncSession[] {
  const byId = sessions.filter(({id}) => id === target)
  if (byId.length > 0) return byId
  const byName = sessions.filter(({name}) => name === target)
  // The name of an unmanaged session does not hide a container of that name.
  if (byName.some(isManaged)) return byName.filter(isManaged)
  const byContainer = sessions.filter((session) => isInto(session, target))
  return byContainer.some(isManaged) || byName.length === 0 ? byContainer : byName
}

function byBeginning(sessions: readonly SyncSession[], target: string): readonly SyncSession[] {
  if (target.startsWith('sync_')) return sessions.filter(({id}) => id.startsWith(target))
  if (!/^[0-9a-f]+$/.test(target)) return []
  return sessions.filter((session) => hostsOf(session).some((host) => host.startsWith(target)))
}

/** Whether a session goes into a container with that name or full id. */
function isInto(session: SyncSession, container: string): boolean {
  const isNamed = isManaged(session) && session.labels[SYNC_LABELS.containerName] === labelValue(container)
  return isNamed || hostsOf(session).includes(container)
}

function hostsOf({alpha, beta}: SyncSession): string[] {
  return [alpha, beta].flatMap(({host, protocol}) => (protocol === 'docker' && host !== undefined ? [host] : []))
}

function isWholeContainer(sessions: readonly SyncSession[], target: string): boolean {
  return sessions.every((session) => isInto(session, target))
}

function haveOneContainer(sessions: readonly SyncSession[]): boolean {
  return new Set(sessions.map(({beta}) => beta.host)).size === 1
}

/** The sessions of a folder and of folders in it; if there are none, those that contain it, if it exists. */
async function sessionsOfFolder(
  sessions: readonly SyncSession[],
  target: string,
  current: string,
): Promise<readonly SyncSession[]> {
  const isThere = (await stat(resolve(current, target)).catch(() => undefined))?.isDirectory() === true
  if (!isThere && !/[\\/]/.test(target)) return []
  const folder = await realFolder(resolve(current, target))
  const placed = await withRealFolders(sessions)
  const inside = placed.filter(({place}) => isWithin(place, folder))
  const around = isThere ? placed.filter(({place}) => isWithin(folder, place)) : []
  return (inside.length > 0 ? inside : around).map(({session}) => session)
}

/** The sessions of a folder's repository: also those that contain the folder, and those beside it. */
async function sessionsOfRepository(sessions: readonly SyncSession[], folder: string): Promise<readonly SyncSession[]> {
  const here = await realFolder(folder)
  const top = (await findGitFolder(here)) ?? here
  const placed = await withRealFolders(sessions)
  return placed.filter(({place}) => isWithin(place, top) || isWithin(here, place)).map(({session}) => session)
}

async function withRealFolders(
  sessions: readonly SyncSession[],
): Promise<{readonly session: SyncSession; readonly place: string}[]> {
  const local = sessions.filter(({alpha}) => alpha.protocol === 'local')
  return Promise.all(local.map(async (session) => ({session, place: await realFolder(session.alpha.path)})))
}

/** A path without symbolic links; a missing one unchanged. */
async function realFolder(path: string): Promise<string> {
  return realpath(path).catch(() => path)
}

async function chooseSome(
  {prompt}: SelectWork,
  found: readonly SyncSession[],
  what: string,
  {several, targetFlag}: SelectSessionsOptions,
): Promise<readonly SyncSession[]> {
  if (several === 'all') return found
  if (!prompt.isInteractive)
    throw new UsageError(`${what}: ${listed(found)}.`, {
      code: 'sync-ambiguous',
      hint: `Name one or more of them${targetFlag === undefined ? '' : ` with ${targetFlag}`}, or use --all for all syncs that keg created.`,
      data: {syncs: found.map(named)},
    })
  const choices = found.map((session) => ({name: sessionText(session), value: [session] as readonly SyncSession[]}))
  return prompt.choose('Which sync?', [...choices, {name: 'all of them', value: found}], {
    flag: targetFlag ?? 'TARGET',
    isList: true,
  })
}

async function unknown(target: string, managed: readonly SyncSession[]): Promise<UsageError> {
  const names = managed.flatMap((session) => [session.name ?? session.id, containerNameOf(session) ?? ''])
  return new UsageError(`There is no sync, container or folder with a sync ${printable(target)}.`, {
    code: 'sync-unknown',
    hint: `${await didYouMean(target, names)}${hintOf(managed)}`,
    data: {syncs: managed.map(named)},
  })
}

function missing(managed: readonly SyncSession[]): UsageError {
  return new UsageError('No sync belongs to this folder.', {
    code: 'sync-missing',
    hint: hintOf(managed),
    data: {syncs: managed.map(named)},
  })
}

function foreign(target: string, fitting: readonly SyncSession[]): RefusedError {
  const names = fitting.map((session) => printable(session.name ?? session.id)).join(', ')
  return new RefusedError(`keg did not create the sync of ${printable(target)} (${names}), and leaves it alone.`, {
    code: 'sync-foreign',
    hint: `Use Mutagen itself for it: ${commandLine`mutagen sync list ${fitting[0]?.name ?? fitting[0]?.id ?? ''}`}`,
    data: {syncs: fitting.map(named)},
  })
}

function hintOf(managed: readonly SyncSession[]): string {
  return managed.length === 0
    ? `There are no syncs yet. Create one with: ${commandLine`keg sync create`}`
    : `There are: ${listed(managed)}.`
}

const MAX_LISTED = 10

function listed(sessions: readonly SyncSession[]): string {
  const texts = sessions.slice(0, MAX_LISTED).map(sessionText)
  const more = sessions.length - MAX_LISTED
  return more > 0 ? `${texts.join(', ')} and ${more} more` : texts.join(', ')
}

function named({id, name}: SyncSession): {id: string; name: string | null} {
  return {id, name: name ?? null}
}
