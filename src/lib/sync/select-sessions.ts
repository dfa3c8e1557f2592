import {realpath, stat} from 'node:fs/promises'
import {isAbsolute, relative, resolve} from 'node:path'
import type {Questions} from '../command/ask.js'
import {RefusedError, UsageError} from '../error/keg-error.js'
import {findGitFolder} from '../git/repository.js'
import {closestWord} from '../terminal/closest-word.js'
import {printable} from '../terminal/text.js'
import {containerNameOf, sessionText} from './session-health.js'
import {isOwn, labelValue, SYNC_LABELS} from './session-labels.js'
import type {SyncSession} from './session.js'

/** Which sessions are meant. */
export interface SelectSessionsOptions {
  /** All that Mutagen has, whoever made them. */
  readonly sessions: readonly SyncSession[]
  /**
   * Each the name or id of a session; the name or id of a container, for all sessions into it; the unique beginning of an id;
   * or a folder, for the sessions of it and of folders in it, or else for those that it is in.
   */
  readonly targets: readonly string[]
  /** All that keg made. */
  readonly all: boolean
  /** The current folder: without a target its sessions are meant, and those of its repository. */
  readonly folder: string
  /** What to do where nothing is named and several fit: take all of them, or have one of them chosen. */
  readonly several: 'all' | 'ask'
  readonly questions: Questions
}

/**
 * Finds the sessions that are meant, of keg's own only, each once.
 * @throws UsageError `sync-unknown`, `sync-ambiguous`, `sync-missing` with the list of those there are; `usage-invalid` for
 * targets beside `all`; RefusedError `sync-foreign` for sessions that keg did not make
 */
export async function selectSessions(options: SelectSessionsOptions): Promise<readonly SyncSession[]> {
  const {all, folder, sessions, several, targets} = options
  const own = sessions.filter(isOwn)
  if (all && targets.length > 0)
    throw new UsageError('--all stands beside names of syncs.', {
      code: 'usage-invalid',
      hint: 'Name syncs, or say --all.',
    })
  if (all) return own
  if (targets.length === 0) {
    const found = await sessionsOfRepository(own, folder)
    if (several === 'all') return found
    if (found.length === 0) throw missing(own)
    return found.length === 1 ? found : chooseSome(found, 'This folder has several syncs', options)
  }
  const found = new Set<SyncSession>()
  for (const target of targets) for (const session of await sessionsNamed(target, options)) found.add(session)
  return [...found]
}

async function sessionsNamed(target: string, options: SelectSessionsOptions): Promise<readonly SyncSession[]> {
  const {folder, sessions} = options
  const ways = [exactly, byBeginning]
  for (const way of ways) {
    const fitting = way(sessions, target)
    if (fitting.length === 0) continue
    const own = fitting.filter(isOwn)
    if (own.length === 0) throw foreign(target, fitting)
    const isUnique = own.length === 1 || (way === exactly ? isWholeContainer(own, target) : haveOneContainer(own))
    return isUnique ? own : chooseSome(own, `${printable(target)} fits several syncs`, options)
  }
  const ofFolder = await sessionsOfFolder(sessions, target, folder)
  const own = ofFolder.filter(isOwn)
  if (own.length > 0) return own
  throw ofFolder.length > 0 ? foreign(target, ofFolder) : await unknown(target, sessions.filter(isOwn))
}

function exactly(sessions: readonly SyncSession[], target: string): readonly SyncSession[] {
  const byId = sessions.filter(({id}) => id === target)
  if (byId.length > 0) return byId
  const byName = sessions.filter(({name}) => name === target)
  // A name of somebody else's session hides no container of that name.
  if (byName.some(isOwn)) return byName.filter(isOwn)
  const byContainer = sessions.filter((session) => isInto(session, target))
  return byContainer.some(isOwn) || byName.length === 0 ? byContainer : byName
}

function byBeginning(sessions: readonly SyncSession[], target: string): readonly SyncSession[] {
  if (target.startsWith('sync_')) return sessions.filter(({id}) => id.startsWith(target))
  if (!/^[0-9a-f]+$/.test(target)) return []
  return sessions.filter((session) => hostsOf(session).some((host) => host.startsWith(target)))
}

/** Whether a session leads into a container of that name or whole id. */
function isInto(session: SyncSession, container: string): boolean {
  const isNamed = isOwn(session) && session.labels[SYNC_LABELS.containerName] === labelValue(container)
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

/** The sessions of a folder and of those in it; where there are none, those that it is in, if it is there. */
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

/** The sessions of a folder's repository: also those that the folder is in, and those beside it. */
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

/** A path without symbolic links; of one that is gone, as it is. */
async function realFolder(path: string): Promise<string> {
  return realpath(path).catch(() => path)
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way !== '..' && !/^\.\.[\\/]/.test(way) && !isAbsolute(way)
}

async function chooseSome(
  found: readonly SyncSession[],
  what: string,
  {questions, several}: SelectSessionsOptions,
): Promise<readonly SyncSession[]> {
  if (several === 'all') return found
  if (!questions.possible)
    throw new UsageError(`${what}: ${listed(found)}.`, {
      code: 'sync-ambiguous',
      hint: 'Name one of them, or several; --all takes all that keg made.',
      data: {syncs: found.map(named)},
    })
  const choices = found.map((session) => ({name: sessionText(session), value: [session] as readonly SyncSession[]}))
  return questions.choose('Which sync?', [...choices, {name: 'all of them', value: found}], {flag: 'TARGET'})
}

async function unknown(target: string, own: readonly SyncSession[]): Promise<UsageError> {
  const names = own.flatMap((session) => [session.name ?? session.id, containerNameOf(session) ?? ''])
  const close = await closestWord(target, names)
  return new UsageError(`There is no sync, container or folder with a sync ${printable(target)}.`, {
    code: 'sync-unknown',
    hint: `${close === undefined ? '' : `Did you mean ${printable(close)}? `}${hintOf(own)}`,
    data: {syncs: own.map(named)},
  })
}

function missing(own: readonly SyncSession[]): UsageError {
  return new UsageError('No sync belongs to this folder.', {
    code: 'sync-missing',
    hint: hintOf(own),
    data: {syncs: own.map(named)},
  })
}

function foreign(target: string, fitting: readonly SyncSession[]): RefusedError {
  const names = fitting.map((session) => printable(session.name ?? session.id)).join(', ')
  return new RefusedError(`keg did not make the sync of ${printable(target)} (${names}), and leaves it alone.`, {
    code: 'sync-foreign',
    hint: `Use Mutagen itself for it: mutagen sync list ${printable(fitting[0]?.name ?? fitting[0]?.id ?? '')}`,
    data: {syncs: fitting.map(named)},
  })
}

function hintOf(own: readonly SyncSession[]): string {
  return own.length === 0 ? 'There is none yet. Make one with: keg sync create' : `There are: ${listed(own)}.`
}

const MOST_LISTED = 10

function listed(sessions: readonly SyncSession[]): string {
  const texts = sessions.slice(0, MOST_LISTED).map(sessionText)
  const more = sessions.length - MOST_LISTED
  return more > 0 ? `${texts.join(', ')} and ${more} more` : texts.join(', ')
}

function named({id, name}: SyncSession): {id: string; name: string | null} {
  return {id, name: name ?? null}
}
