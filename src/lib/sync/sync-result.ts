import {containerNameOf, troublesOf, type SyncTrouble} from '../mutagen/session-health.js'
import type {SyncSession} from '../mutagen/session.js'

/** A session as `--json` of all sync commands prints it; scripts can rely on these fields. */
export interface SyncResult {
  /** Mutagen's identifier, `sync_...`. */
  readonly id: string
  /** Null for one without a name. */
  readonly name: string | null
  /** Mutagen's status: `watching`, `scanning`, `halted-on-root-emptied`, `disconnected` ... */
  readonly status: string
  /** Whether it is paused until it is resumed. */
  readonly paused: boolean
  /** Mutagen's sync mode: `two-way-safe`. */
  readonly mode: string
  /** The folder on this machine. */
  readonly folder: string
  /** Full id of the container. */
  readonly container: string | null
  /** Name of the container; null if the sync does not have it. */
  readonly containerName: string | null
  /** The folder in the container. */
  readonly remote: string
  /** The branch that the sync belongs to; null if it belongs to none. */
  readonly branch: string | null
  /** Files at Mutagen's last scan, on the side with more; zero before the first scan, and while it is paused. */
  readonly files: number
  /** Folders, counted likewise. */
  readonly directories: number
  /** Symbolic links, counted likewise. */
  readonly symbolicLinks: number
  /** Total size of the files. */
  readonly bytes: number
  /** Completed cycles since both sides were connected. */
  readonly cycles: number
  /** How many paths changed on both sides. */
  readonly conflicts: number
  /** How many paths cannot be read or written. */
  readonly problems: number
  /** All problems, path by path if Mutagen lists them; empty for a clean session. */
  readonly troubles: readonly SyncTrouble[]
  /** ISO 8601. */
  readonly createdAt: string
}

/** A session for JSON output. @param branch from `sessionBranch` */
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
