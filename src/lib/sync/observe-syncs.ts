import {setTimeout as sleep} from 'node:timers/promises'
import type {Work} from '../work/work.js'
import {findBranchMismatches, mismatchText, sessionBranch} from '../branch/sync/branch-guard.js'
import {Mutagen} from '../mutagen/mutagen.js'
import {selectSessions} from './select-sessions.js'
import {isAtRest, isConnecting} from '../mutagen/session-health.js'
import {isManaged} from '../mutagen/session-labels.js'
import type {SyncEndpoint, SyncSession, SyncSettings} from '../mutagen/session.js'
import {syncResult, type SyncResult} from './sync-result.js'

/** Which sessions to observe; without targets, those of the current folder. */
export interface ObserveOptions {
  readonly targets: readonly string[]
  /** All syncs that keg made. */
  readonly all: boolean
  /** Whether to wait a moment for sessions that are connecting, as all are if Mutagen's daemon had to be started. */
  readonly patient: boolean
}

/** A transfer to one side. */
export interface ObservedStaging {
  /** The receiving side. */
  readonly to: 'folder' | 'container'
  /** The current file. */
  readonly path: string
  /** Files sent so far. */
  readonly files: number
  /** Files to send. */
  readonly expectedFiles: number
  /** Bytes sent so far. */
  readonly bytes: number
}

/** One side, and how files are created there. */
export interface ObservedSide extends Pick<SyncEndpoint, 'files' | 'directories' | 'symbolicLinks' | 'bytes'> {
  /** Whether Mutagen is connected to it. */
  readonly connected: boolean
  /** Whether Mutagen has scanned it since it connected; otherwise the numbers are zero. */
  readonly scanned: boolean
  /** Owner and modes of new files; null means Mutagen's default. */
  readonly permissions: {
    /** A name, or `id:` and a number. */
    readonly owner: string | null
    /** The same of the group. */
    readonly group: string | null
    /** Octal digits. */
    readonly fileMode: string | null
    /** Octal digits. */
    readonly directoryMode: string | null
  }
}

/** The state of a sync, as `--json` of list and status prints it; scripts can rely on these fields. */
export interface ObservedSync extends SyncResult {
  /** Whether both sides are the same, and the sync's branch is checked out. */
  readonly clean: boolean
  /** The branch checked out in the folder, if it is not the sync's. */
  readonly checkedOut: string | null
  /** Its settings. */
  readonly settings: Pick<SyncSettings, 'ignores' | 'ignoresVersionControl'> & {
    /** Mutagen's watch mode; null for its default. */
    readonly watchMode: string | null
    /** Seconds. */
    readonly pollingInterval: number | null
  }
  /** The two sides. */
  readonly sides: {
    /** On this machine. */
    readonly folder: ObservedSide
    /** In the container. */
    readonly container: ObservedSide
  }
  /** The current transfer; null if there is none. */
  readonly staging: ObservedStaging | null
}

/**
 * Reads the state of keg's syncs, and warns about those whose folder has another branch checked out. Does not start
 * Mutagen's daemon if there are no sessions.
 * @throws what selectSessions and Mutagen do
 */
export async function observeSyncs(work: Work, options: ObserveOptions): Promise<ObservedSync[]> {
  const {environment, signal, warn} = work
  const {patient} = options
  const mutagen = await Mutagen.ifUsed(environment)
  const sessions = (await mutagen?.list(signal)) ?? []
  const selected = await selectSessions(work, {...options, sessions, several: 'all'})
  const current = mutagen !== undefined && patient ? await waitUntilConnected(mutagen, selected, signal) : selected
  const mismatches = await findBranchMismatches(current, environment)
  for (const mismatch of mismatches) warn(mismatchText(mismatch))
  return Promise.all(
    current.map(async (session) => {
      const checkedOut = mismatches.find((mismatch) => mismatch.session === session)?.checkedOut ?? null
      return observed(session, await sessionBranch(session, environment), checkedOut)
    }),
  )
}

/** @param checkedOut the checked-out branch, if it is not the sync's */
export function observed(session: SyncSession, branch: string | undefined, checkedOut: string | null): ObservedSync {
  const {alpha, beta, settings} = session
  return {
    ...syncResult(session, branch),
    clean: isAtRest(session) && checkedOut === null,
    checkedOut,
    settings: {
      ...settings,
      watchMode: settings.watchMode ?? null,
      pollingInterval: settings.pollingInterval ?? null,
    },
    sides: {folder: sideOf(alpha), container: sideOf(beta)},
    staging: stagingOf(beta, 'container') ?? stagingOf(alpha, 'folder') ?? null,
  }
}

const CONNECTING_MILLISECONDS = 2000
const POLL_MILLISECONDS = 200

/** The sessions once none is connecting any more, or after two seconds, without terminated ones. */
async function waitUntilConnected(
  mutagen: Mutagen,
  sessions: readonly SyncSession[],
  signal: AbortSignal,
): Promise<readonly SyncSession[]> {
  const ids = new Set(sessions.map(({id}) => id))
  const until = Date.now() + CONNECTING_MILLISECONDS
  let current = sessions
  while (current.some(isConnecting) && Date.now() < until) {
    await sleep(POLL_MILLISECONDS, undefined, {signal})
    current = (await mutagen.list(signal)).filter((session) => ids.has(session.id) && isManaged(session))
  }
  return current
}

function sideOf(side: SyncEndpoint): ObservedSide {
  const {fileMode, directoryMode, group, owner} = side.permissions
  return {
    connected: side.isConnected,
    scanned: side.isScanned,
    files: side.files,
    directories: side.directories,
    symbolicLinks: side.symbolicLinks,
    bytes: side.bytes,
    permissions: {
      owner: owner ?? null,
      group: group ?? null,
      fileMode: fileMode ?? null,
      directoryMode: directoryMode ?? null,
    },
  }
}

function stagingOf({staging}: SyncEndpoint, to: ObservedStaging['to']): ObservedStaging | undefined {
  if (staging === undefined) return undefined
  const {expectedFiles, path, receivedBytes, receivedFiles} = staging
  return {to, path, files: receivedFiles, expectedFiles, bytes: receivedBytes}
}
