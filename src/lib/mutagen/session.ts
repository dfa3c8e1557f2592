import {listProperty, property} from '../json/json.js'

/** How Mutagen merges two sides (its documentation, "Synchronization modes"). */
export const SYNC_MODES = ['two-way-safe', 'two-way-resolved', 'one-way-safe', 'one-way-replica'] as const
export type SyncMode = (typeof SYNC_MODES)[number]

/** A Mutagen session, as its JSON template prints it (mutagen 0.18, pkg/api/models/synchronization). */
export interface SyncSession {
  /** Mutagen's identifier, `sync_...`. */
  readonly id: string
  readonly name: string | undefined
  readonly labels: Readonly<Record<string, string>>
  /** In keg's sessions, the folder on this machine. */
  readonly alpha: SyncEndpoint
  /** In keg's sessions, the container. */
  readonly beta: SyncEndpoint
  readonly mode: SyncMode
  readonly settings: SyncSettings
  readonly isPaused: boolean
  /** Mutagen's status: `watching`, `scanning`, `halted-on-root-emptied`, `disconnected` ... */
  readonly status: string
  readonly lastError: string | undefined
  /** Completed cycles since both sides were connected. */
  readonly successfulCycles: number
  readonly conflicts: readonly SyncConflict[]
  /** The number of conflicts that Mutagen does not list because there are too many. */
  readonly excludedConflicts: number
  /** ISO 8601. */
  readonly created: string
}

/** A session's settings for both sides; undefined means Mutagen's default. */
export interface SyncSettings {
  /** In Mutagen's syntax; the last match decides. */
  readonly ignores: readonly string[]
  /** Whether version control folders are ignored. */
  readonly ignoresVersionControl: boolean
  readonly watchMode: string | undefined
  /** Seconds. */
  readonly pollingInterval: number | undefined
}

/** Owner, group and modes of what a session creates on one side; undefined means those of Mutagen's agent. */
export interface EndpointPermissions {
  /** A name, or `id:` and a number. */
  readonly owner: string | undefined
  readonly group: string | undefined
  /** Octal digits. */
  readonly fileMode: string | undefined
  readonly directoryMode: string | undefined
}

/** One side of a session. */
export interface SyncEndpoint {
  /** `local`, `docker` or `ssh`. */
  readonly protocol: string
  /** The container, by id in keg's sessions. */
  readonly host: string | undefined
  readonly user: string | undefined
  readonly path: string
  /** The environment for the docker client, which finds the container's engine. */
  readonly environment: Readonly<Record<string, string>>
  readonly permissions: EndpointPermissions
  readonly isConnected: boolean
  readonly isScanned: boolean
  /** As of the last scan. */
  readonly directories: number
  /** As of the last scan. */
  readonly files: number
  /** As of the last scan. */
  readonly symbolicLinks: number
  /** Total size of its files. */
  readonly bytes: number
  readonly problems: readonly SyncProblem[]
  /** The number of problems that Mutagen does not list because there are too many. */
  readonly excludedProblems: number
  /** The transfer to this side, if any. */
  readonly staging: SyncStaging | undefined
}

/** A path that cannot be read or written. */
export interface SyncProblem {
  /** Below the root; empty for the root itself. */
  readonly path: string
  readonly error: string
}

/** The progress of a transfer to a side. */
export interface SyncStaging {
  readonly path: string
  readonly receivedFiles: number
  readonly expectedFiles: number
  /** Bytes received, of all files. */
  readonly receivedBytes: number
}

/** A path that changed on both sides. */
export interface SyncConflict {
  /** Below the roots; empty for the roots themselves. */
  readonly root: string
  readonly alpha: readonly SyncChange[]
  readonly beta: readonly SyncChange[]
}

/** How a path changed since both sides were last the same. */
export interface SyncChange {
  readonly path: string
  /** `directory`, `file`, `symbolic-link` ...; undefined if there was nothing. */
  readonly before: string | undefined
  /** Undefined if there is nothing any more. */
  readonly after: string | undefined
}

/**
 * Parses the output of `mutagen sync list --template '{{json .}}'`.
 * @returns undefined if it is something else
 */
export function readSessions(value: unknown): SyncSession[] | undefined {
  if (value === null) return []
  if (!Array.isArray(value)) return undefined
  const sessions = (value as unknown[]).map(readSession)
  return sessions.every((session) => session !== undefined) ? sessions : undefined
}

function readSession(value: unknown): SyncSession | undefined {
  const id = textOf(value, 'identifier')
  const alpha = readEndpoint(property(value, 'alpha'))
  const beta = readEndpoint(property(value, 'beta'))
  if (id === undefined || alpha === undefined || beta === undefined) return undefined
  const mode = textOf(value, 'mode')
  return {
    id,
    name: textOf(value, 'name'),
    labels: textsOf(value, 'labels'),
    alpha,
    beta,
    mode: SYNC_MODES.find((known) => known === mode) ?? 'two-way-safe',
    settings: readSettings(value),
    isPaused: property(value, 'paused') === true,
    status: textOf(value, 'status') ?? 'unknown',
    lastError: textOf(value, 'lastError'),
    successfulCycles: numberOf(value, 'successfulCycles'),
    conflicts: listProperty(value, 'conflicts').map(readConflict),
    excludedConflicts: numberOf(value, 'excludedConflicts'),
    created: textOf(value, 'creationTime') ?? '',
  }
}

function readEndpoint(value: unknown): SyncEndpoint | undefined {
  const protocol = textOf(value, 'protocol')
  const path = textOf(value, 'path')
  if (protocol === undefined || path === undefined) return undefined
  const problems = [...listProperty(value, 'scanProblems'), ...listProperty(value, 'transitionProblems')]
  return {
    protocol,
    host: textOf(value, 'host'),
    user: textOf(value, 'user'),
    path,
    environment: textsOf(value, 'environment'),
    permissions: readPermissions(property(value, 'permissions')),
    isConnected: property(value, 'connected') === true,
    isScanned: property(value, 'scanned') === true,
    directories: numberOf(value, 'directories'),
    files: numberOf(value, 'files'),
    symbolicLinks: numberOf(value, 'symbolicLinks'),
    bytes: numberOf(value, 'totalFileSize'),
    problems: problems.map((problem) => ({path: textOf(problem, 'path') ?? '', error: textOf(problem, 'error') ?? ''})),
    excludedProblems: numberOf(value, 'excludedScanProblems') + numberOf(value, 'excludedTransitionProblems'),
    staging: readStaging(property(value, 'stagingProgress')),
  }
}

function readSettings(value: unknown): SyncSettings {
  const ignore = property(value, 'ignore')
  const watch = property(value, 'watch')
  return {
    ignores: listProperty(ignore, 'paths').filter((path) => typeof path === 'string'),
    ignoresVersionControl: property(ignore, 'vcs') === true,
    watchMode: textOf(watch, 'mode'),
    pollingInterval: numberOf(watch, 'pollingInterval') || undefined,
  }
}

function readPermissions(value: unknown): EndpointPermissions {
  return {
    owner: textOf(value, 'defaultOwner'),
    group: textOf(value, 'defaultGroup'),
    fileMode: textOf(value, 'defaultFileMode'),
    directoryMode: textOf(value, 'defaultDirectoryMode'),
  }
}

function readStaging(value: unknown): SyncStaging | undefined {
  if (value === undefined || value === null) return undefined
  return {
    path: textOf(value, 'path') ?? '',
    receivedFiles: numberOf(value, 'receivedFiles'),
    expectedFiles: numberOf(value, 'expectedFiles'),
    receivedBytes: numberOf(value, 'totalReceivedSize'),
  }
}

function readConflict(value: unknown): SyncConflict {
  return {
    root: textOf(value, 'root') ?? '',
    alpha: listProperty(value, 'alphaChanges').map(readChange),
    beta: listProperty(value, 'betaChanges').map(readChange),
  }
}

function readChange(value: unknown): SyncChange {
  return {
    path: textOf(value, 'path') ?? '',
    before: textOf(property(value, 'old'), 'kind'),
    after: textOf(property(value, 'new'), 'kind'),
  }
}

function textOf(value: unknown, name: string): string | undefined {
  const text = property(value, name)
  return typeof text === 'string' ? text : undefined
}

function numberOf(value: unknown, name: string): number {
  const number = property(value, name)
  return typeof number === 'number' ? number : 0
}

function textsOf(value: unknown, name: string): Readonly<Record<string, string>> {
  const entries = Object.entries(property(value, name) ?? {})
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}
