import {setTimeout as sleep} from 'node:timers/promises'
import {FailedError} from '../../error/keg-error.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import type {Mutagen} from '../../mutagen/mutagen.js'
import {
  commandFor,
  containerNameOf,
  isConnected,
  isHalted,
  troublesOf,
  type SyncTrouble,
} from '../../mutagen/session-health.js'
import type {SyncSession} from '../../mutagen/session.js'
import type {Work} from '../../work/work.js'

/** What working on a session needs. */
export type SessionWork = Pick<Work, 'signal'> & {readonly mutagen: Mutagen}

/**
 * Resumes or reconnects a paused, halted or disconnected session. If a paused one cannot be resumed, or a signal comes, it
 * is paused again.
 * @throws FailedError `sync-container-gone`, `container-stopped`, `sync-disconnected`
 */
export async function connectSession(session: SyncSession, {mutagen, signal}: SessionWork): Promise<void> {
  try {
    await mutagen.resume(session.id, signal)
  } catch (error) {
    // Otherwise Mutagen would keep retrying.
    if (session.isPaused) await mutagen.pause(session.id).catch(() => undefined)
    signal.throwIfAborted()
    throw error instanceof FailedError ? connectionError(session, error) : error
  }
}

/** Whether a session runs, with both sides connected. */
export function isRunning(session: SyncSession): boolean {
  return !session.isPaused && !isHalted(session.status) && isConnected(session)
}

/**
 * Waits until Mutagen has compared both sides, so that problems are known; does not wait for transfers.
 * @returns the session then, or after ten seconds; undefined if it was terminated
 */
export async function waitUntilCompared(id: string, {mutagen, signal}: SessionWork): Promise<SyncSession | undefined> {
  const until = Date.now() + COMPARING_MILLISECONDS
  for (;;) {
    const session = (await mutagen.list(signal)).find((each) => each.id === id)
    if (session === undefined || session.isPaused || !COMPARING.has(session.status) || Date.now() > until)
      return session
    await sleep(POLL_MILLISECONDS, undefined, {signal})
  }
}

/**
 * The problems of a session, as the error of a command that they prevent.
 * @returns undefined for a clean session
 */
export function errorOf(session: SyncSession): FailedError | undefined {
  const troubles = troublesOf(session)
  const name = printable(session.name ?? session.id)
  const lines = troubles.map(({detail, path}) => `  ${path === '' ? '' : `${printable(path)}: `}${detail}`)
  const remedies = [...new Set(troubles.map(({remedy}) => remedy))]
  const details = {
    hint:
      remedies.length === 1 ? (remedies[0] ?? '') : `Show what to do about each with: ${commandFor(session, 'status')}`,
    data: {id: session.id, name: session.name ?? null, troubles},
  }
  const has = (kind: SyncTrouble['kind']): boolean => troubles.some((trouble) => trouble.kind === kind)
  const message = (what: string): string => `The sync ${name} ${what}:\n${lines.join('\n')}`
  if (has('halted')) return new FailedError(message('is halted'), {...details, code: 'sync-halted'})
  if (has('disconnected')) return new FailedError(message('is not connected'), {...details, code: 'sync-disconnected'})
  if (has('conflict')) return new FailedError(message('has conflicts'), {...details, code: 'sync-conflicts'})
  if (troubles.length > 0) return new FailedError(message('has problems'), {...details, code: 'sync-problems'})
  return undefined
}

const COMPARING = new Set([
  'disconnected',
  'connecting-alpha',
  'connecting-beta',
  'scanning',
  'waiting-for-rescan',
  'reconciling',
])
const COMPARING_MILLISECONDS = 10_000
const POLL_MILLISECONDS = 100

/** Mutagen's messages: pkg/agent/transport/docker/transport.go. */
function connectionError(session: SyncSession, cause: FailedError): FailedError {
  const name = printable(session.name ?? session.id)
  const container = printable(containerNameOf(session) ?? '')
  const data = {id: session.id, name: session.name ?? null}
  if (/container does not exist|No such container/.test(cause.message))
    return new FailedError(`The container ${container} of the sync ${name} is gone.`, {
      code: 'sync-container-gone',
      hint: `Sync with the new one with ${commandLine`keg sync create`}, or end this sync: ${commandFor(session, 'terminate')}`,
      cause,
      data,
    })
  if (/container not running|is not running/.test(cause.message))
    return new FailedError(`The container ${container} of the sync ${name} is not running.`, {
      code: 'container-stopped',
      hint: `Start it with ${commandLine`docker start ${container}`}, then: ${commandFor(session, 'resume')}`,
      cause,
      data,
    })
  return new FailedError(`The sync ${name} cannot be connected. ${cause.message}`, {
    code: 'sync-disconnected',
    hint: `Show its state with: ${commandFor(session, 'status')}`,
    cause,
    data,
  })
}
