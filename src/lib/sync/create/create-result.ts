import {posix} from 'node:path'
import {count, formatBytes, printable} from '../../terminal/text.js'
import type {SyncPermissions} from '../../mutagen/mutagen.js'
import type {SyncPlan} from './model.js'
import {replacedBy} from './plan-sync.js'
import type {ReplicaLosses} from './replica-losses.js'
import type {SyncSession} from '../../mutagen/session.js'
import {syncResult, type SyncResult} from '../sync-result.js'
import {nameOf} from '../../container/container-name.js'

/** What `keg sync create --json` prints; scripts can rely on these fields. */
export interface CreateSyncResult extends Omit<SyncResult, 'id' | 'createdAt'> {
  /** Null with a dry run, unless an existing sync would be used. */
  readonly id: string | null
  /** ISO 8601; null if there is no session. */
  readonly createdAt: string | null
  /** Whether the sync was created now; with a dry run always false. */
  readonly created: boolean
  /** Whether it existed and was paused. */
  readonly resumed: boolean
  /** Identifiers of the sessions that were terminated for it. */
  readonly replaced: readonly string[]
  /** Sessions of other branches with the same folder, which were paused. */
  readonly pausedOthers: readonly {
    /** Mutagen's identifier. */
    readonly id: string
    /** Null for one without a name. */
    readonly name: string | null
  }[]
  /** What is ignored, as Mutagen's patterns. */
  readonly ignores: readonly string[]
  /** Whether version control folders are ignored. */
  readonly ignoresVersionControl: boolean
  /** Mount points below the folder in the container: they are not synced. */
  readonly mounts: readonly {
    /** The absolute path in the container. */
    readonly path: string
    /** The type as docker names it: `volume`, `bind` or `tmpfs`. */
    readonly type: string
  }[]
  /** Mutagen's watch mode. */
  readonly watchMode: string
  /** Owner of what it creates in the container; null means the container's user. */
  readonly owner: string | null
  /** Group of what it creates in the container; null means the container user's. */
  readonly group: string | null
  /** Octal digits. */
  readonly fileMode: string
  /** Octal digits. */
  readonly directoryMode: string
  /** What the first sync of a replica would delete or overwrite in the container; only with a dry run. */
  readonly losses: ReplicaLosses | null
  /** What else would be done; only with a dry run. */
  readonly plan: {
    /** `make` creates a sync, `replace` replaces one with other settings, and `keep` uses the existing one. */
    readonly action: 'make' | 'keep' | 'replace'
    /** Whether the kept sync is resumed. */
    readonly resumes: boolean
    /** `replace` makes the container's existing code like the folder before the merge. */
    readonly firstSync: 'merge' | 'replace'
    /** Whether the folder in the container is created. */
    readonly makesRemote: boolean
    /** Whether the losses need an answer, or `--yes`. */
    readonly asks: boolean
  } | null
}

/** The result of a plan, for JSON output. */
export function createResult(session: SyncSession, branch: string | undefined, plan: SyncPlan): CreateSyncResult {
  return {
    ...syncResult(session, branch),
    ...settingsOf(plan),
    created: plan.session.action !== 'keep',
    resumed: plan.session.resumes,
    losses: null,
    plan: null,
  }
}

/** A plan that is not carried out, for JSON output. */
export function plannedResult(plan: SyncPlan): CreateSyncResult {
  const {asks, container, firstSync, losses, makesRemote, session} = plan
  const current = session.action === 'keep' ? session.current : undefined
  return {
    id: current?.id ?? null,
    name: session.name,
    status: 'planned',
    paused: false,
    mode: plan.settings.mode,
    folder: plan.local,
    container: container.Id,
    containerName: nameOf(container),
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
    losses,
    plan: {action: session.action, resumes: session.resumes, firstSync, makesRemote, asks},
  }
}

/** The result for people, in a few lines. */
export function createText(result: CreateSyncResult, {isWaitedFor}: {readonly isWaitedFor: boolean}): string {
  const {branch, bytes, containerName, files, folder, group, losses, mode, name, owner, remote} = result
  const place = `${folder} with ${remote} in ${containerName ?? ''}`
  const verb = result.created ? 'Syncs' : result.id !== null ? 'Already syncs' : 'Would sync'
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

/** What a plan says whether or not it is carried out. */
function settingsOf({
  mounts,
  remote,
  session,
  settings: {ignores, ignoresVersionControl, remotePermissions, watchMode},
}: SyncPlan): Pick<
  CreateSyncResult,
  | 'directoryMode'
  | 'fileMode'
  | 'group'
  | 'ignores'
  | 'ignoresVersionControl'
  | 'mounts'
  | 'owner'
  | 'pausedOthers'
  | 'replaced'
  | 'watchMode'
> {
  const {directoryMode, fileMode, group, owner}: SyncPermissions = remotePermissions
  return {
    replaced: replacedBy(session).map(({id}) => id),
    pausedOthers: session.paused.map(({id, name}) => ({id, name})),
    ignores,
    ignoresVersionControl,
    mounts: mounts.map(({path, type}) => ({path: posix.join(remote, path), type})),
    watchMode,
    owner: withoutPrefix(owner),
    group: withoutPrefix(group),
    fileMode: octal(fileMode),
    directoryMode: octal(directoryMode),
  }
}

function withoutPrefix(id: string | undefined): string | null {
  return id?.replace(/^id:/, '') ?? null
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
