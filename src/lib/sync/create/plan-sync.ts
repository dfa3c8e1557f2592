import {nameOf} from '../../container/container-name.js'
import {VERSION_CONTROL_IGNORES} from '../../git/ignore/ignores.js'
import {WATCH_POLLING_SECONDS} from '../../mutagen/mutagen.js'
import {pathPattern} from '../../mutagen/path-pattern.js'
import {isConnected, isHalted} from '../../mutagen/session-health.js'
import {labelValue, settingsLabel, SYNC_LABELS} from '../../mutagen/session-labels.js'
import type {SyncSession} from '../../mutagen/session.js'
import {agentCannotRun} from './agent-error.js'
import type {
  ExistingSessions,
  ObservedFolders,
  PlannedSession,
  SessionNaming,
  SessionPlan,
  SessionSettings,
  SyncObservation,
  SyncOptions,
  SyncPlace,
  SyncPlan,
} from './model.js'
import {remotePermissions} from './remote-permissions.js'
import {sessionName} from './session-name.js'

/**
 * Makes a plan from the observation alone.
 * @throws MissingError `sync-agent-unfit`; what settingsOf and planSession throw
 */
export function planSync(observed: SyncObservation, options: SyncOptions): SyncPlan {
  const {
    branch,
    container,
    database,
    isReplaceable,
    agentProblem,
    local,
    losses,
    mounts,
    remote,
    root,
    sessions,
    user,
  } = observed
  const settings = settingsOf(observed, options)
  const session = planSession(sessions, observed, settings, options)
  if (agentProblem !== undefined && session.action !== 'keep') throw agentCannotRun(container, agentProblem)
  return {
    container,
    local,
    remote,
    branch,
    settings,
    naming: {name: options.name, defaultName: options.defaultName},
    session,
    mounts,
    makesRemote: root === undefined && session.action !== 'keep',
    agent: {user, database},
    // A replica does that anyway.
    firstSync: isReplaceable && settings.mode !== 'one-way-replica' ? 'replace' : 'merge',
    losses,
    asks: isReplica(observed, settings) && !isReplaceable && losses.deleted.length + losses.overwritten.length > 0,
    waits: options.wait,
    troubles: options.warnsOfTroubles === true ? 'tell' : 'fail',
  }
}

/**
 * The settings of a session between two folders.
 * @throws UsageError `mode-invalid`, `owner-unknown`; FailedError `sync-owner-denied`, `sync-remote-unwritable`
 */
export function settingsOf(folders: ObservedFolders, options: SyncOptions): SessionSettings {
  const {container, database, local, mounts, remote, root, user} = folders
  const {ignoresVersionControl, mode, watchMode} = options
  return {
    local,
    container: container.Id,
    remote,
    mode,
    // The last match decides: what nobody can include comes last.
    ignores: [
      ...(ignoresVersionControl ? VERSION_CONTROL_IGNORES : []),
      ...folders.defaultIgnores,
      ...options.ignore,
      ...folders.ownData,
      ...mounts.map((mount) => pathPattern(mount.path)),
    ],
    ignoresVersionControl,
    watchMode,
    pollingInterval: WATCH_POLLING_SECONDS,
    localPermissions: folders.localPermissions,
    remotePermissions: remotePermissions({container, user, database, path: remote, root}, options.permissions),
  }
}

/**
 * What happens to the existing sessions: one with the same folders and settings is kept, and there is never a second one.
 * @throws UsageError `sync-name-invalid`, `sync-name-taken`
 */
export function planSession(
  existing: ExistingSessions,
  {branch, container}: SyncPlace,
  settings: SessionSettings,
  {name, defaultName}: SessionNaming,
): SessionPlan {
  const [current, ...duplicates] = existing.same
  const surroundings = {
    current: current && {...planned(current), created: current.created},
    ended: [
      ...existing.gone.map((session) => ({...planned(session), isOfGone: true})),
      ...duplicates.map((session) => ({...planned(session), isOfGone: false})),
    ],
    paused: existing.otherBranches.map(planned),
  }
  const isNamed = name === undefined || name === current?.name
  if (current !== undefined && isNamed && current.labels[SYNC_LABELS.settings] === settingsLabel(settings)) {
    const isBound = branch === undefined || existing.bound === branch || existing.bound === labelValue(branch)
    return {
      ...surroundings,
      action: 'keep',
      name: current.name ?? current.id,
      resumes: !isHalted(current.status) && (current.isPaused || !isConnected(current)),
      binds: isBound ? undefined : branch,
    }
  }
  // A replacement keeps the name.
  const former = current ?? existing.gone[0]
  return {
    ...surroundings,
    action: current === undefined ? 'make' : 'replace',
    name: sessionName(name, former?.name ?? defaultName ?? nameOf(container), existing.others),
    resumes: false,
    binds: undefined,
  }
}

/** The sessions that are terminated for another. */
export function replacedBy({action, current, ended}: SessionPlan): readonly (PlannedSession & {isOfGone: boolean})[] {
  return current !== undefined && action === 'replace' ? [...ended, {...current, isOfGone: false}] : ended
}

/** Whether the container is made permanently like the folder, and has something to lose. */
export function isReplica({root}: Pick<ObservedFolders, 'root'>, {mode}: Pick<SessionSettings, 'mode'>): boolean {
  return mode === 'one-way-replica' && root !== undefined
}

function planned({id, name}: SyncSession): PlannedSession {
  return {id, name: name ?? null}
}
