import type {EngineWork} from '../../engine/engine-work.js'
import type {ContainerDetails} from '../../engine/types.js'
import type {Mutagen, NewSession, SyncPermissions, WatchMode} from '../../mutagen/mutagen.js'
import type {SyncMode, SyncSession} from '../../mutagen/session.js'
import type {ContainerUser, UserDatabase} from './container-user.js'
import type {AgentProblem} from './agent-error.js'
import type {MountBelow} from './mounts-below.js'
import type {PermissionOptions, RemoteRoot} from './remote-permissions.js'
import type {ReplicaLosses} from './replica-losses.js'

/**
 * What creating a sync needs. Mutagen finds the engine of a new session through the environment from `engineEnvironment`.
 * The run is this sync's own, so that cleaning up after a failure terminates no other sync.
 */
export interface SyncWork extends EngineWork {
  readonly mutagen: Mutagen
}

/** The options of a new sync. */
export interface SyncOptions extends SessionNaming {
  /** Container, linked tap, service of this folder, or id; by default this folder's container. */
  readonly target: string | undefined
  /** The container, if it is already known: then there is no search. */
  readonly container?: ContainerDetails
  /** Folder of this machine, and folder in the container. */
  readonly local: string | undefined
  readonly remote: string | undefined
  readonly mode: SyncMode
  /** Replaces the default ignores, in Mutagen's syntax. */
  readonly ignores?: readonly string[]
  /** Additional ignores. */
  readonly ignore: readonly string[]
  readonly ignoresVersionControl: boolean
  readonly watchMode: WatchMode
  readonly permissions: PermissionOptions
  /** Sync with the container of another branch than the checked-out one; the sync then belongs to the checked-out one. */
  readonly force: boolean
  /**
   * The sync belongs to no branch: the container was not started for this folder, such as a dependency's, and any branch can
   * be checked out there.
   */
  readonly isOfNoBranch?: boolean
  /** Whether to wait for the first sync. */
  readonly wait: boolean
  /** What the first sync does to code that the container already has; default: merge. */
  readonly firstSync?: FirstSync
  /** Warn about conflicts and files that cannot be written, instead of failing. */
  readonly warnsOfTroubles?: boolean
  /** Only say what would be done. */
  readonly dryRun: boolean
}

/**
 * What the first sync of two folders does to the container's files: `merge` keeps them, as the mode says; `replace` makes
 * them like the folder of this machine; `replace-unchanged` does that if everything that is lost is also in the container's
 * image.
 */
export type FirstSync = 'merge' | 'replace' | 'replace-unchanged'

/** How to name a session. */
export interface SessionNaming {
  /** `--name`. */
  readonly name?: string | undefined
  /** The default name, numbered if it is taken; default: the container's name. */
  readonly defaultName?: string | undefined
}

/** All settings of a session but its name. */
export type SessionSettings = Omit<NewSession, 'name' | 'labels'>

/** What a sync connects. */
export interface SyncPlace {
  readonly container: ContainerDetails
  /** Folder of this machine. */
  readonly local: string
  /** Folder in the container. */
  readonly remote: string
  /** The branch that the sync is for; undefined if unknown. */
  readonly branch: string | undefined
}

/** The two folders as found. */
export interface ObservedFolders extends SyncPlace {
  /** The folder in the container; undefined if it does not exist. */
  readonly root: RemoteRoot | undefined
  /** The user of Mutagen's agent in the container. */
  readonly user: ContainerUser
  readonly database: UserDatabase
  /** What the agent would lack, as far as known; only checked if the folder does not exist. */
  readonly agentProblem: AgentProblem | undefined
  readonly localPermissions: SyncPermissions
  /** The folder's default ignores. */
  readonly defaultIgnores: readonly string[]
  /** Mutagen's own data in the two folders, which is never synced. */
  readonly ownData: readonly string[]
  /** Mounts in the container below its folder: the sync ignores them. */
  readonly mounts: readonly MountBelow[]
}

/** Existing sessions that matter for a new one. */
export interface ExistingSessions {
  /** keg's sessions with the same endpoints, the oldest first. */
  readonly same: readonly SyncSession[]
  /** The branch that the first of them belongs to. */
  readonly bound: string | undefined
  /** keg's sessions into a container with that name that is gone. */
  readonly gone: readonly SyncSession[]
  /** keg's active sessions from the folder into a container of another branch. */
  readonly otherBranches: readonly SyncSession[]
  /** All that stay beside the new one, made by keg or not. */
  readonly others: readonly SyncSession[]
}

/** Everything that decides about a sync, as found. */
export interface SyncObservation extends ObservedFolders {
  readonly sessions: ExistingSessions
  /** Whether the container can be made like the folder before the merge without losing anything of its own. */
  readonly isReplaceable: boolean
  /** What the container would lose; only computed if it is asked for or shown. */
  readonly losses: ReplicaLosses
}

/** A session of Mutagen that a plan names. */
export interface PlannedSession {
  /** Mutagen's identifier. */
  readonly id: string
  /** Null for one without a name. */
  readonly name: string | null
}

/** What happens to the existing sessions. */
export interface SessionPlan {
  /** `make` creates a new one, `replace` replaces one with other settings, and `keep` uses the existing one. */
  readonly action: 'make' | 'keep' | 'replace'
  readonly name: string
  /** The session to keep or replace. */
  readonly current: (PlannedSession & {readonly created: string}) | undefined
  /** Whether the kept session is resumed. */
  readonly resumes: boolean
  /** The branch to bind the kept session to; undefined if it already is. */
  readonly binds: string | undefined
  /** Terminated before: into a container that is gone, or a second one with the same folders. */
  readonly ended: readonly (PlannedSession & {readonly isOfGone: boolean})[]
  /** Sessions of other branches with the same folder. */
  readonly paused: readonly PlannedSession[]
}

/** A plan for a sync: only data. Carrying it out makes no more decisions. */
export interface SyncPlan extends SyncPlace {
  readonly settings: SessionSettings
  /** The requested name. */
  readonly naming: SessionNaming
  readonly session: SessionPlan
  /** What is mounted in the container below its folder. */
  readonly mounts: readonly MountBelow[]
  /** Whether the folder in the container is created. */
  readonly makesRemote: boolean
  /** The user of Mutagen's agent in the container, and the container's user database. */
  readonly agent: {readonly user: ContainerUser; readonly database: UserDatabase}
  /** `replace` makes the container like the folder with a temporary session before the lasting one merges. */
  readonly firstSync: 'merge' | 'replace'
  readonly losses: ReplicaLosses
  /** Whether the losses need an answer. */
  readonly asks: boolean
  readonly waits: boolean
  /** What to do about conflicts and files that cannot be written: `tell` warns, `fail` fails. */
  readonly troubles: 'fail' | 'tell'
}
