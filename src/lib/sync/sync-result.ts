import {containerNameOf, troublesOf, type SyncTrouble} from './session-health.js'
import type {SyncSession} from './session.js'

/** A session as `--json` prints it, in every command of the topic; scripts can rely on these fields. */
export interface SyncResult {
  /** Mutagen's identifier, `sync_...`. */
  readonly id: string
  readonly name: string | null
  /** Mutagen's word: `watching`, `scanning`, `halted-on-root-emptied`, `disconnected` ... */
  readonly status: string
  readonly paused: boolean
  readonly mode: string
  /** The folder on this machine. */
  readonly folder: string
  /** Whole id of the container. */
  readonly container: string | null
  readonly containerName: string | null
  /** The folder in the container. */
  readonly remote: string
  /** The branch that the session belongs to; null for one that belongs to none. */
  readonly branch: string | null
  /** What Mutagen counted at its last look, on the side that had more; zero before its first, and while it is paused. */
  readonly files: number
  readonly directories: number
  readonly symbolicLinks: number
  /** Of all files together. */
  readonly bytes: number
  /** Cycles done since both sides are connected. */
  readonly cycles: number
  /** How many paths changed on both sides. */
  readonly conflicts: number
  /** How many paths cannot be read or written. */
  readonly problems: number
  /** All that is wrong, path by path where Mutagen tells it; empty for a session that is clean. */
  readonly troubles: readonly SyncTrouble[]
  /** ISO 8601. */
  readonly createdAt: string
}

/** A session as scripts get it. @param branch what `sessionBranch` says */
export function syncResult(session: SyncSession, branch: string | undefined): SyncResult {
  const {alpha, beta} = session
  return {
    id: session.id,
    name: session.name ?? null,
    status: session.status,
    paused: session.isPaused,
    mode: session.mode,
    folder: alpha.path,
    container: beta.host ?? null,
    containerName: containerNameOf(session) ?? null,
    remote: beta.path,
    branch: branch ?? null,
    files: Math.max(alpha.files, beta.files),
    directories: Math.max(alpha.directories, beta.directories),
    symbolicLinks: Math.max(alpha.symbolicLinks, beta.symbolicLinks),
    bytes: Math.max(alpha.bytes, beta.bytes),
    cycles: session.successfulCycles,
    conflicts: session.conflicts.length + session.excludedConflicts,
    problems: [alpha, beta].reduce((sum, side) => sum + side.problems.length + side.excludedProblems, 0),
    troubles: troublesOf(session),
    createdAt: session.created,
  }
}
