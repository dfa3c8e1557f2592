import {setTimeout as sleep} from 'node:timers/promises'
import type {Questions} from '../command/ask.js'
import {findBranchMismatches, mismatchText, sessionBranch} from './branch/branch-guard.js'
import {Mutagen} from './mutagen.js'
import {selectSessions} from './select-sessions.js'
import {isAtRest, isConnecting} from './session-health.js'
import {isOwn} from './session-labels.js'
import type {EndpointPermissions, SyncEndpoint, SyncSession, SyncSettings} from './session.js'
import {syncResult, type SyncResult} from './sync-result.js'

/** Which sessions are to be looked at. */
export interface ObserveOptions {
  readonly targets: readonly string[]
  /** All that keg made. */
  readonly all: boolean
  /** The current folder: where nothing is named its sessions are looked at. */
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
  /** Whether to wait a moment for sessions that are connecting, as all are where Mutagen's daemon has to be started. */
  readonly patient: boolean
  readonly questions: Questions
  /** Takes a line for the person at the terminal. */
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** What is being sent to a side. */
export interface ObservedStaging {
  readonly to: 'folder' | 'container'
  readonly path: string
  readonly files: number
  readonly expectedFiles: number
  readonly bytes: number
}

/** The side in the container, and how files are made there. */
export interface ObservedSide extends Pick<SyncEndpoint, 'files' | 'directories' | 'symbolicLinks' | 'bytes'> {
  readonly connected: boolean
  /** Whether Mutagen has looked through it since it is connected; the numbers are zero otherwise. */
  readonly scanned: boolean
  readonly permissions: {readonly [Name in keyof EndpointPermissions]: string | null}
}

/** How a sync is, as `--json` of list and status prints it; scripts can rely on these fields. */
export interface ObservedSync extends SyncResult {
  /** Whether both sides are the same, and the branch is the one checked out. */
  readonly clean: boolean
  /** The branch checked out in the folder, where it is another than that of the sync. */
  readonly checkedOut: string | null
  readonly settings: Pick<SyncSettings, 'ignores' | 'ignoresVersionControl'> & {
    readonly watchMode: string | null
    /** Seconds. */
    readonly pollingInterval: number | null
  }
  readonly sides: {readonly folder: ObservedSide; readonly container: ObservedSide}
  readonly staging: ObservedStaging | null
}

/**
 * Looks how syncs of keg's own are, and warns of those in whose folders another branch is checked out. Where Mutagen has no
 * sessions its daemon is not started.
 * @throws what selectSessions and Mutagen do
 */
export async function observeSyncs(options: ObserveOptions): Promise<ObservedSync[]> {
  const {environment, patient, say, signal} = options
  const mutagen = await Mutagen.ifUsed(environment)
  const sessions = (await mutagen?.list(signal)) ?? []
  const selected = await selectSessions({...options, sessions, several: 'all'})
  const current = mutagen !== undefined && patient ? await onceConnected(mutagen, selected, signal) : selected
  const mismatches = await findBranchMismatches(current, environment)
  for (const mismatch of mismatches) say(`Warning: ${mismatchText(mismatch)}`)
  return Promise.all(
    current.map(async (session) => {
      const checkedOut = mismatches.find((mismatch) => mismatch.session === session)?.checkedOut ?? null
      return observed(session, await sessionBranch(session, environment), checkedOut)
    }),
  )
}

/** @param checkedOut the branch checked out, where that is another one than that of the sync */
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

/** The sessions as they are once none is connecting any more, or after two seconds; those that were ended are left out. */
async function onceConnected(
  mutagen: Mutagen,
  sessions: readonly SyncSession[],
  signal: AbortSignal,
): Promise<readonly SyncSession[]> {
  const ids = new Set(sessions.map(({id}) => id))
  const until = Date.now() + CONNECTING_MILLISECONDS
  let current = sessions
  while (current.some(isConnecting) && Date.now() < until) {
    await sleep(POLL_MILLISECONDS, undefined, {signal})
    current = (await mutagen.list(signal)).filter((session) => ids.has(session.id) && isOwn(session))
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
