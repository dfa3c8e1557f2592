import {count, printable} from '../terminal/text.js'
import {SYNC_LABELS, isOwn, labelValue} from './session-labels.js'
import type {SyncChange, SyncConflict, SyncEndpoint, SyncProblem, SyncSession} from './session.js'

/** What stands in the way of a sync, and what mends it. */
export interface SyncTrouble {
  /**
   * `conflict`, a path that both sides changed; `problem`, a path that cannot be read or written; `halted`, Mutagen stopped
   * before it would have deleted everything; `disconnected`, a side cannot be reached; `error`, whatever else Mutagen says.
   */
  readonly kind: 'conflict' | 'problem' | 'halted' | 'disconnected' | 'error'
  /** Below both roots, as Mutagen says it; empty for the roots themselves and for the session as a whole. */
  readonly path: string
  /** What is wrong, fit to show. */
  readonly detail: string
  /** What to do, one sentence or two, fit to show. */
  readonly remedy: string
}

/**
 * All that is wrong with a session. A session that is clean has none, and neither has one that is still at work or paused: of
 * a paused one Mutagen knows nothing. What each state means: mutagen 0.18, pkg/synchronization/controller.go.
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

/** Whether both sides are the same, as far as Mutagen knows, and it waits for the next change. */
export function isAtRest(session: SyncSession): boolean {
  const {alpha, beta, isPaused, status} = session
  const isThere = [alpha, beta].every(({isConnected, isScanned}) => isConnected && isScanned)
  return !isPaused && status === 'watching' && isThere && troublesOf(session).length === 0
}

/** Whether Mutagen reaches both sides. */
export function isConnected({alpha, beta}: SyncSession): boolean {
  return alpha.isConnected && beta.isConnected
}

/** Whether Mutagen is about to connect and has not failed yet: as right after its daemon started. */
export function isConnecting(session: SyncSession): boolean {
  const {isPaused, lastError, status} = session
  if (isPaused || isHalted(status) || lastError !== undefined) return false
  return !isConnected(session)
}

/** Whether Mutagen stopped, for safety, until somebody decides. */
export function isHalted(status: string): boolean {
  return status.startsWith('halted')
}

/** What people call a side of a session: `the folder`, `the container`. */
export function sideName(session: SyncSession, side: SyncEndpoint): string {
  const {alpha, beta} = session
  if (alpha.protocol === beta.protocol) return side === alpha ? 'the first side (alpha)' : 'the second side (beta)'
  if (side.protocol === 'local') return 'the folder'
  return side.protocol === 'docker' ? 'the container' : 'the remote side'
}

/** Name of the container of a session, or its id, shortened as docker does; undefined where neither side is one. */
export function containerNameOf(session: SyncSession): string | undefined {
  const host = [session.beta, session.alpha].find(({protocol}) => protocol === 'docker')?.host
  const label = session.labels[SYNC_LABELS.containerName]
  if (label !== undefined && isOwn(session)) {
    // A label cannot hold every name; a session mostly bears that of its container, as it is.
    const {name} = session
    return name !== undefined && labelValue(name) === label ? name : label
  }
  return host !== undefined && /^[0-9a-f]{64}$/.test(host) ? host.slice(0, 12) : host
}

/** One session in a few words, fit to show: `shop (/home/me/shop -> shop-dev:/app)`. */
export function sessionText(session: SyncSession): string {
  const {alpha, beta, id, name} = session
  return printable(`${name ?? id} (${alpha.path} -> ${containerNameOf(session) ?? beta.host ?? ''}:${beta.path})`)
}

/** The command line that does something to a session: keg's, or Mutagen's for sessions that keg did not make. */
export function commandFor(session: SyncSession, verb: string): string {
  return printable(`${isOwn(session) ? 'keg' : 'mutagen'} sync ${verb} ${session.name ?? session.id}`)
}

function haltOf(session: SyncSession): SyncTrouble[] {
  const {alpha, beta, mode, status} = session
  if (!isHalted(status)) return []
  const resume = commandFor(session, 'resume')
  const reset = commandFor(session, 'reset')
  // A replica makes the container like the folder, whatever that is: after a reset that would delete all that is left.
  const other =
    mode === 'two-way-safe' || mode === 'two-way-resolved' ? `, or take them over from the other side: ${reset}` : ''
  const halted = (detail: string, remedy: string): SyncTrouble[] => [{kind: 'halted', path: '', detail, remedy}]
  switch (status) {
    case 'halted-on-root-emptied': {
      const emptied = [alpha, beta].find((side) => entriesIn(side) === 0)
      const name = emptied === undefined ? 'one side' : `${sideName(session, emptied)} (${printable(emptied.path)})`
      return halted(
        `${name} was emptied; nothing was deleted on the other side`,
        `Bring the files back, then: ${resume}${other}. If they are to go, delete them on the other side too.`,
      )
    }
    case 'halted-on-root-deletion': {
      const deleted = [alpha, beta].find((side) => entriesIn(side) === 0 && side.directories === 0)
      const name = deleted === undefined ? 'one side' : `${sideName(session, deleted)} (${printable(deleted.path)})`
      return halted(
        `${name} was deleted; nothing was deleted on the other side`,
        `Make it again with its files, then: ${resume}${other}. If they are to go: ${commandFor(session, 'terminate')}.`,
      )
    }
    case 'halted-on-root-type-change':
      return halted(
        'what was a folder is a file now on one side, or a file a folder; nothing was deleted on the other side',
        `Put it back, or delete it on the other side too, then: ${resume}.`,
      )
    default:
      return halted(`Mutagen halted it (${printable(status)})`, `Look at it with: mutagen sync list --long.`)
  }
}

/** Everything below the root. */
function entriesIn({directories, files, symbolicLinks}: SyncEndpoint): number {
  // The root itself is counted as a directory.
  return files + symbolicLinks + Math.max(directories - 1, 0)
}

function disconnectionOf(session: SyncSession): SyncTrouble[] {
  const {alpha, beta, lastError, status} = session
  if (isHalted(status)) return []
  const said = lastError === undefined ? '' : `: ${printable(lastError)}`
  if (isConnected(session))
    return lastError === undefined
      ? []
      : [
          {
            kind: 'error',
            path: '',
            detail: `Mutagen says${said}`,
            remedy: `It tries again; see ${whereItIsTold(session)}.`,
          },
        ]

  const missing = [alpha, beta].filter(({isConnected}) => !isConnected)
  // Before a first try neither is connected; the folder of this machine is never the one that is hard to reach.
  const side = missing.find(({protocol}) => protocol !== 'local') ?? missing[0] ?? beta
  return [
    {
      kind: 'disconnected',
      path: '',
      detail: `${sideName(session, side)} is not connected${said}`,
      remedy: reconnection(session, side),
    },
  ]
}

function reconnection(session: SyncSession, side: SyncEndpoint): string {
  if (side.protocol !== 'docker') return `Once it can be reached: ${commandFor(session, 'resume')}.`
  const start = `If it is stopped: docker start ${printable(containerNameOf(session) ?? '')}, then ${commandFor(session, 'resume')}.`
  return isOwn(session)
    ? `${start} If it is gone: keg sync create with the new one, or ${commandFor(session, 'terminate')}.`
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
    detail: sides.map(({changes, endpoint}) => `${deed(changes, root)} in ${sideName(session, endpoint)}`).join(', '),
    remedy: resolution(session, {alpha, beta, root}),
  }
}

function resolution(session: SyncSession, {alpha, beta, root}: SyncConflict): string {
  const places = [session.alpha, session.beta].map((side) => `${pathIn(side, root)} ${nearness(session, side)}`)
  const [first, second] = places
  const inTheWay = (changes: readonly SyncChange[]): boolean => changes.some(({after}) => isUnsyncable(after))
  if (inTheWay(beta)) return `Something that is not synced is in the way: remove or move it, below ${second}.`
  if (inTheWay(alpha)) return `Something that is not synced is in the way: remove or move it, below ${first}.`
  if (session.mode === 'one-way-safe') return `Delete or rename it where it must not change: ${second}.`
  return `Delete or rename it on the side that is to lose: ${first}, or ${second}. The other one comes over then.`
}

function nearness(session: SyncSession, side: SyncEndpoint): string {
  return side.protocol === 'local' ? 'on this machine' : `in ${sideName(session, side)}`
}

/** Ignored files, sockets and the like, and what cannot be read. */
function isUnsyncable(kind: string | undefined): boolean {
  return kind === 'untracked' || kind === 'problematic'
}

/** What one side did to a path, in a word or a few. */
function deed(changes: readonly SyncChange[], root: string): string {
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
    remedy: remedyFor(error, `${pathIn(side, path)} ${nearness(session, side)}`),
  }
}

/** Words of Mutagen (pkg/synchronization/core, scan.go, symbolic_link.go, transition.go) and of the system. */
function remedyFor(error: string, place: string): string {
  if (/permission denied|not permitted/i.test(error)) return `Give whoever syncs the right to ${place}.`
  if (/no space left|quota exceeded/i.test(error)) return `Make room where ${place} is.`
  if (/read-only file system/i.test(error)) return `${place} cannot be written: sync elsewhere, or leave it out.`
  if (/symbolic link|target is absolute|in target/.test(error))
    return `Make it a relative link that stays inside, or leave it out by an ignore: ${place}.`
  if (/unknown content/.test(error)) return `Something that is not synced is in the way: remove it, below ${place}.`
  if (/modification detected|size mismatch/.test(error)) return `It changed meanwhile; it is tried again: ${place}.`
  return `Mend, move or remove ${place}.`
}

/** Mutagen lists ten of each at most. */
function unlisted(session: SyncSession, kind: 'conflict' | 'problem', number: number, where = ''): SyncTrouble[] {
  if (number === 0) return []
  const detail = `${count(number, `more ${kind}`)}${where} that Mutagen does not list`
  return [{kind, path: '', detail, remedy: `Mend the listed ones, then: ${whereItIsTold(session)}.`}]
}

/** The line that tells all of a session. */
function whereItIsTold(session: SyncSession): string {
  return isOwn(session)
    ? commandFor(session, 'status')
    : `mutagen sync list --long ${printable(session.name ?? session.id)}`
}

function pathIn(side: SyncEndpoint, path: string): string {
  return printable(path === '' ? side.path : `${side.path.replace(/\/$/, '')}/${path}`)
}
