import {nameOf} from '../../target/find-target.js'
import {count, formatBytes, printable} from '../../terminal/text.js'
import type {SyncPermissions} from '../mutagen.js'
import type {ForeseenSession, ObtainedSession} from './obtain-session.js'
import type {SyncPlan} from './plan-sync.js'
import type {ReplicaLosses} from './replica-losses.js'
import type {SyncSession} from '../session.js'
import {syncResult, type SyncResult} from '../sync-result.js'

/** What `keg sync create --json` prints; scripts can rely on these fields. */
export interface CreateSyncResult extends Omit<SyncResult, 'id' | 'createdAt'> {
  /** Null with a dry run, where none would be used again. */
  readonly id: string | null
  /** ISO 8601; null where there is no session. */
  readonly createdAt: string | null
  /** Whether it was made now, and not there before; with a dry run always false. */
  readonly created: boolean
  /** Whether it was there and had stood still. */
  readonly resumed: boolean
  /** Identifiers of the sessions that were ended for it. */
  readonly replaced: readonly string[]
  /** Sessions of other branches from the same folder, which were paused. */
  readonly pausedOthers: readonly {readonly id: string; readonly name: string | null}[]
  readonly ignores: readonly string[]
  readonly ignoresVersionControl: boolean
  readonly watchMode: string
  /** Of what it makes in the container; null leaves it to the container's user. */
  readonly owner: string | null
  readonly group: string | null
  /** Octal digits. */
  readonly fileMode: string
  readonly directoryMode: string
  /** What the first sync of a replica would delete or overwrite in the container; only with a dry run. */
  readonly losses: ReplicaLosses | null
}

/** A session that was obtained, as scripts get it. */
export function createResult(
  session: SyncSession,
  branch: string | undefined,
  {isCreated, isResumed, paused, plan, replaced}: ObtainedSession & {readonly plan: SyncPlan},
): CreateSyncResult {
  return {
    ...syncResult(session, branch),
    ...settingsOf(plan),
    created: isCreated,
    resumed: isResumed,
    replaced: replaced.map(({id}) => id),
    pausedOthers: namesOf(paused),
    losses: null,
  }
}

/** A session that would be made. */
export function plannedResult(
  plan: SyncPlan,
  {current, name, paused, replaced}: ForeseenSession,
  losses: ReplicaLosses,
): CreateSyncResult {
  return {
    id: current?.id ?? null,
    name,
    status: 'planned',
    paused: false,
    mode: plan.settings.mode,
    folder: plan.local,
    container: plan.container.Id,
    containerName: nameOf(plan.container),
    remote: plan.remote,
    branch: plan.branch ?? null,
    files: 0,
    directories: 0,
    symbolicLinks: 0,
    bytes: 0,
    cycles: 0,
    conflicts: 0,
    problems: 0,
    troubles: [],
    createdAt: current?.created ?? null,
    ...settingsOf(plan),
    created: false,
    resumed: false,
    replaced: replaced.map(({id}) => id),
    pausedOthers: namesOf(paused),
    losses,
  }
}

/** The result for people, in a few lines. */
export function createText(result: CreateSyncResult, {isWaitedFor}: {readonly isWaitedFor: boolean}): string {
  const {branch, bytes, containerName, files, folder, group, losses, mode, name, owner, remote} = result
  const place = `${folder} with ${remote} in ${containerName ?? ''}`
  const verb = result.created ? 'Syncs' : result.id !== null ? 'Syncs already' : 'Would sync'
  const facts = [mode, ...(branch === null ? [] : [`branch ${branch}`]), ...permissionWords(owner, group, result)]
  const lost = [
    ...(losses?.deleted ?? []).map((path) => `  deleted: ${path}`),
    ...(losses?.overwritten ?? []).map((path) => `  overwritten: ${path}`),
  ]
  const ended = result.status === 'planned' ? result.replaced.map((id) => `  ended for it: ${id}`) : []
  const contents = isWaitedFor ? [`${count(files, 'file')}, ${formatBytes(bytes)}`] : []
  return [
    `${verb} ${place}${name === null ? '' : ` as ${name}`}`,
    `  ${[...contents, ...facts].join(', ')}`,
    ...ended,
    ...lost,
  ]
    .map((line) => printable(line))
    .join('\n')
}

function permissionWords(
  owner: string | null,
  group: string | null,
  {directoryMode, fileMode}: Pick<CreateSyncResult, 'directoryMode' | 'fileMode'>,
): string[] {
  const names = [...(owner === null ? [] : [`owner ${owner}`]), ...(group === null ? [] : [`group ${group}`])]
  return [...names, `files ${fileMode}`, `folders ${directoryMode}`]
}

function settingsOf({
  settings: {ignores, ignoresVersionControl, remotePermissions, watchMode},
}: SyncPlan): Pick<
  CreateSyncResult,
  'directoryMode' | 'fileMode' | 'group' | 'ignores' | 'ignoresVersionControl' | 'owner' | 'watchMode'
> {
  const {directoryMode, fileMode, group, owner}: SyncPermissions = remotePermissions
  return {
    ignores,
    ignoresVersionControl,
    watchMode,
    owner: withoutPrefix(owner),
    group: withoutPrefix(group),
    fileMode: octal(fileMode),
    directoryMode: octal(directoryMode),
  }
}

function namesOf(sessions: readonly SyncSession[]): CreateSyncResult['pausedOthers'] {
  return sessions.map(({id, name}) => ({id, name: name ?? null}))
}

function withoutPrefix(id: string | undefined): string | null {
  return id?.replace(/^id:/, '') ?? null
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
