import {commandLine} from '../terminal/command-line.js'
import {count, printable, shellLine} from '../terminal/text.js'
import {pathPattern} from './path-pattern.js'
import {SYNC_LABELS, isManaged, labelValue} from './session-labels.js'
import type {SyncChange, SyncConflict, SyncEndpoint, SyncProblem, SyncSession} from './session.js'

/** A problem of a sync, and how to fix it. */
export interface SyncTrouble {
  /**
   * `conflict`, a path that both sides changed; `problem`, a path that cannot be read or written; `halted`, Mutagen stopped
   * before deleting everything; `disconnected`, a side cannot be reached; `error`, any other error of Mutagen.
   */
  readonly kind: 'conflict' | 'problem' | 'halted' | 'disconnected' | 'error'
  /** Below both roots, as Mutagen reports it; empty for the roots and for the session as a whole. */
  readonly path: string
  /** What is wrong, printable. */
  readonly detail: string
  /** What to do, in one or two sentences, printable. */
  readonly remedy: string
}

/**
 * All problems of a session. A clean session has none, and neither has one that is working or paused: Mutagen knows nothing
 * about a paused one. For the states, see mutagen 0.18, pkg/synchronization/controller.go.
 */
export function troublesOf(session: SyncSession): SyncTrouble[] {
  if (session.isPaused) return []
  return [
    ...haltOf(session),
    ...disconnectionOf(session),
    ...session.conflicts.map((conflict) => conflictTrouble(session, conflict)),
    ...unlisted(session, 'conflict', session.excludedConflicts),
    ...endpointTroubles(session, session.alpha),
    ...endpointTroubles(session, session.beta),
  ]
}

/** Whether both sides are the same as far as Mutagen knows, and it waits for changes. */
export function isAtRest(session: SyncSession): boolean {
  const {alpha, beta, isPaused, status} = session
  const isObserved = [alpha, beta].every(({isConnected, isScanned}) => isConnected && isScanned)
  return !isPaused && status === 'watching' && isObserved && troublesOf(session).length === 0
}

/** Whether Mutagen is connected to both sides. */
export function isConnected({alpha, beta}: SyncSession): boolean {
  return alpha.isConnected && beta.isConnected
}

/** Whether Mutagen is connecting and has not failed yet, as right after its daemon started. */
export function isConnecting(session: SyncSession): boolean {
  const {isPaused, lastError, status} = session
  if (isPaused || isHalted(status) || lastError !== undefined) return false
  return !isConnected(session)
}

/** Whether Mutagen halted the session for safety. */
export function isHalted(status: string): boolean {
  return status.startsWith('halted')
}

/** The name of a session's side for people: `the folder`, `the container`. */
export function sideName(session: SyncSession, side: SyncEndpoint): string {
  const {alpha, beta} = session
  if (alpha.protocol === beta.protocol) return side === alpha ? 'the first side (alpha)' : 'the second side (beta)'
  if (side.protocol === 'local') return 'the folder'
  return side.protocol === 'docker' ? 'the container' : 'the remote side'
}

/** The name or short id of a session's container; undefined if it has none. */
export function containerNameOf(session: SyncSession): string | undefined {
  const host = [session.beta, session.alpha].find(({protocol}) => protocol === 'docker')?.host
  const label = session.labels[SYNC_LABELS.containerName]
  if (label !== undefined && isManaged(session)) {
    // A label cannot hold every name; mostly a session has the exact name of its container.
    const {name} = session
    return name !== undefined && labelValue(name) === label ? name : label
  }
  return host !== undefined && /^[0-9a-f]{64}$/.test(host) ? host.slice(0, 12) : host
}

/** One session in a few words, printable: `shop (/home/me/shop -> shop-dev:/app)`. */
export function sessionText(session: SyncSession): string {
  const {alpha, beta, id, name} = session
  return printable(`${name ?? id} (${alpha.path} -> ${containerNameOf(session) ?? beta.host ?? ''}:${beta.path})`)
}

/** What a hint can suggest for a session. */
export type SessionVerb = 'pause' | 'reset' | 'resume' | 'status' | 'terminate'

/** The command for an action on a session: keg's, or Mutagen's for sessions that keg did not make. */
export function commandFor(session: SyncSession, verb: SessionVerb): string {
  const name = session.name ?? session.id
  if (isManaged(session)) return commandLine`keg sync ${verb} ${name}`
  return verb === 'status' ? commandLine`mutagen sync list --long ${name}` : commandLine`mutagen sync ${verb} ${name}`
}

function haltOf(session: SyncSession): SyncTrouble[] {
  const {alpha, beta, mode, status} = session
  if (!isHalted(status)) return []
  const resume = commandFor(session, 'resume')
  const reset = commandFor(session, 'reset')
  // A replica makes the container like the folder, whatever is in it: a reset would delete everything else.
  const other =
    mode === 'two-way-safe' || mode === 'two-way-resolved' ? `, or restore them from the other side: ${reset}` : ''
  const halted = (detail: string, remedy: string): SyncTrouble[] => [{kind: 'halted', path: '', detail, remedy}]
  switch (status) {
    case 'halted-on-root-emptied': {
      const emptied = [alpha, beta].find((side) => entriesIn(side) === 0)
      const name = emptied === undefined ? 'one side' : `${sideName(session, emptied)} (${printable(emptied.path)})`
      return halted(
        `${name} was emptied; nothing was deleted on the other side`,
        `Restore the files, then: ${resume}${other}. If you want to delete them, delete them on the other side too.`,
      )
    }
    case 'halted-on-root-deletion': {
      const deleted = [alpha, beta].find((side) => entriesIn(side) === 0 && side.directories === 0)
      const name = deleted === undefined ? 'one side' : `${sideName(session, deleted)} (${printable(deleted.path)})`
      return halted(
        `${name} was deleted; nothing was deleted on the other side`,
        `Restore it with its files, then: ${resume}${other}. If you do not want them: ${commandFor(session, 'terminate')}.`,
      )
    }
    case 'halted-on-root-type-change':
      return halted(
        'a folder became a file on one side, or a file a folder; nothing was deleted on the other side',
        `Restore it, or delete it on the other side too, then: ${resume}.`,
      )
    default:
      return halted(
        `Mutagen halted it (${printable(status)})`,
        `See it with: ${commandLine`mutagen sync list --long ${session.name ?? session.id}`}.`,
      )
  }
}

/** Entries below the root. */
function entriesIn({directories, files, symbolicLinks}: SyncEndpoint): number {
  // The root itself counts as a directory.
  return files + symbolicLinks + Math.max(directories - 1, 0)
}

function disconnectionOf(session: SyncSession): SyncTrouble[] {
  const {alpha, beta, lastError, status} = session
  if (isHalted(status)) return []
  const errorText = lastError === undefined ? '' : `: ${printable(lastError)}`
  if (isConnected(session))
    return lastError === undefined
      ? []
      : [
          {
            kind: 'error',
            path: '',
            detail: `Mutagen says${errorText}`,
            remedy: `Mutagen tries again. See: ${commandFor(session, 'status')}.`,
          },
        ]

  const missing = [alpha, beta].filter(({isConnected}) => !isConnected)
  // Before the first attempt neither is connected; a local folder is never the unreachable one.
  const side = missing.find(({protocol}) => protocol !== 'local') ?? missing[0] ?? beta
  return [
    {
      kind: 'disconnected',
      path: '',
      detail: `${sideName(session, side)} is not connected${errorText}`,
      remedy: reconnection(session, side),
    },
  ]
}

function reconnection(session: SyncSession, side: SyncEndpoint): string {
  if (side.protocol !== 'docker') return `Once it can be reached: ${commandFor(session, 'resume')}.`
  const start = `If it is stopped: ${commandLine`docker start ${containerNameOf(session) ?? ''}`}, then ${commandFor(session, 'resume')}.`
  return isManaged(session)
    ? `${start} If it is gone: ${commandLine`keg sync create`} with the new one, or ${commandFor(session, 'terminate')}.`
    : `${start} If it is gone: ${commandFor(session, 'terminate')}.`
}

function conflictTrouble(session: SyncSession, {alpha, beta, root}: SyncConflict): SyncTrouble {
  const sides = [
    {endpoint: session.alpha, changes: alpha},
    {endpoint: session.beta, changes: beta},
  ]
  return {
    kind: 'conflict',
    path: root,
    detail: sides
      .map(({changes, endpoint}) => `${changesText(changes, root)} in ${sideName(session, endpoint)}`)
      .join(', '),
    remedy: resolution(session, {alpha, beta, root}),
  }
}

function resolution(session: SyncSession, {alpha, beta, root}: SyncConflict): string {
  const places = [session.alpha, session.beta].map((side) => `${pathIn(side, root)} ${nearness(session, side)}`)
  const [first, second] = places
  const inTheWay = (changes: readonly SyncChange[]): boolean => changes.some(({after}) => isUnsyncable(after))
  if (inTheWay(beta)) return `Something that is not synced is in the way: remove or move it, below ${second}.`
  if (inTheWay(alpha)) return `Something that is not synced is in the way: remove or move it, below ${first}.`
  if (session.mode === 'one-way-safe') return `Delete or rename it on the side that must not change: ${second}.`
  const deleteHint = `Delete or rename it on one side: ${first}, or ${second}. The other side is then synced.`
  if (!isManaged(session) || root === '') return deleteHint
  return `${deleteHint} Or: ${commandLine`keg sync resolve --sync ${session.name ?? session.id} --keep folder ${root}`} (or --keep container).`
}

function nearness(session: SyncSession, side: SyncEndpoint): string {
  return side.protocol === 'local' ? 'on this machine' : `in ${sideName(session, side)}`
}

/** Ignored files, special files such as sockets, and unreadable ones. */
function isUnsyncable(kind: string | undefined): boolean {
  return kind === 'untracked' || kind === 'problematic'
}

/** What one side did to a path, in a few words, printable. */
export function changesText(changes: readonly SyncChange[], root: string): string {
  const [change] = changes
  if (change === undefined) return 'nothing'
  const inside = change.path === root ? '' : ` (${printable(change.path)})`
  const more = changes.length === 1 ? '' : ` and ${count(changes.length - 1, 'more change')}`
  return `${verbOf(change)}${inside}${more}`
}

function verbOf({after, before}: SyncChange): string {
  if (after === undefined) return 'deleted'
  if (after === 'untracked') return 'not synced, but there'
  if (after === 'problematic') return 'not readable'
  if (before === undefined) return after === 'file' ? 'created' : `created as a ${kindName(after)}`
  return before === after ? 'changed' : `made a ${kindName(after)}`
}

function kindName(kind: string): string {
  return kind === 'symlink' ? 'symbolic link' : printable(kind)
}

function endpointTroubles(session: SyncSession, side: SyncEndpoint): SyncTrouble[] {
  return [
    ...side.problems.map((problem) => problemTrouble(session, side, problem)),
    ...unlisted(session, 'problem', side.excludedProblems, ` in ${sideName(session, side)}`),
  ]
}

function problemTrouble(session: SyncSession, side: SyncEndpoint, {error, path}: SyncProblem): SyncTrouble {
  return {
    kind: 'problem',
    path,
    detail: `${printable(error)}, in ${sideName(session, side)}`,
    remedy: /crossed filesystem boundary/.test(error)
      ? boundaryRemedy(session, side, path)
      : remedyFor(error, `${pathIn(side, path)} ${nearness(session, side)}`),
  }
}

/** A mount below the folder is not part of it: a recreated sync ignores it. */
function boundaryRemedy(session: SyncSession, side: SyncEndpoint, path: string): string {
  const pattern = pathPattern(path)
  const what = `Something else is mounted at ${pathIn(side, path)} ${nearness(session, side)}.`
  if (!isManaged(session))
    return `${what} Create the session again with ${shellLine([`--ignore=${pattern}`])}, which ignores it.`
  const options = [
    ...(session.mode === 'two-way-safe' ? [] : ['--mode', session.mode]),
    ...(side.protocol === 'docker' ? [] : [`--ignore=${pattern}`]),
  ]
  const again = commandLine`keg sync create ${containerNameOf(session) ?? ''} --local ${session.alpha.path} --remote ${session.beta.path} ${options}`
  return `${what} Ignore it with: ${again}`
}

/** Messages of Mutagen (pkg/synchronization/core, scan.go, symbolic_link.go, transition.go) and of the system. */
function remedyFor(error: string, place: string): string {
  if (/permission denied|not permitted/i.test(error)) return `Give the user that syncs access to ${place}.`
  if (/no space left|quota exceeded/i.test(error)) return `Free some space at ${place}.`
  if (/read-only file system/i.test(error)) return `${place} cannot be written: sync elsewhere, or ignore it.`
  if (/symbolic link|target is absolute|in target/.test(error))
    return `Make it a relative link that stays inside, or ignore it: ${place}.`
  if (/unknown content/.test(error)) return `Something that is not synced is in the way: remove it, below ${place}.`
  if (/modification detected|size mismatch/.test(error)) return `It changed meanwhile; Mutagen tries again: ${place}.`
  return `Fix, move or remove ${place}.`
}

/** Mutagen lists at most ten of each. */
function unlisted(session: SyncSession, kind: 'conflict' | 'problem', number: number, where = ''): SyncTrouble[] {
  if (number === 0) return []
  const detail = `${count(number, `more ${kind}`)}${where} that Mutagen does not list`
  return [{kind, path: '', detail, remedy: `Fix the listed ones, then: ${commandFor(session, 'status')}.`}]
}

function pathIn(side: SyncEndpoint, path: string): string {
  return printable(path === '' ? side.path : `${side.path.replace(/\/$/, '')}/${path}`)
}
