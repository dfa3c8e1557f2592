import {setTimeout as sleep} from 'node:timers/promises'
import type {Mutagen} from './mutagen.js'
import {isConnected, isHalted} from './session-health.js'
import type {SyncSession} from './session.js'
import type {Work} from '../work/work.js'

export interface WaitForRestOptions {
  readonly mutagen: Pick<Mutagen, 'list'>
  /** Identifiers of sessions. */
  readonly ids: readonly string[]
  /** How long a session may be working, in milliseconds: transfers can take any time. */
  readonly workTimeout?: number
  /** How long an endpoint may be disconnected, in milliseconds. */
  readonly connectTimeout?: number
}

const WORK_TIMEOUT = 3000
/** The same time as for a flush. */
const CONNECT_TIMEOUT = 20_000
const POLL_MILLISECONDS = 250

/**
 * Watches sessions, without changing them, until each is at rest or will not be soon: one that is connecting or scanning
 * does not know its conflicts yet.
 * @returns their states, without those terminated in the meantime
 */
export async function waitForRest(work: Pick<Work, 'signal'>, options: WaitForRestOptions): Promise<SyncSession[]> {
  const {signal} = work
  const {connectTimeout = CONNECT_TIMEOUT, ids, mutagen, workTimeout = WORK_TIMEOUT} = options
  const since = Date.now()
  for (;;) {
    const states = (await mutagen.list(signal)).filter(({id}) => ids.includes(id))
    const waited = Date.now() - since
    const isWorthWaiting = (state: SyncSession): boolean =>
      isUnderway(state) && waited < (isConnected(state) ? workTimeout : connectTimeout)
    if (!states.some(isWorthWaiting)) return states
    await sleep(POLL_MILLISECONDS, undefined, {signal}).catch(() => undefined)
    signal.throwIfAborted()
  }
}

/** Whether its state can still change by itself: its problems are known once it watches again. */
function isUnderway(state: SyncSession): boolean {
  if (state.isPaused || isHalted(state.status)) return false
  return !isConnected(state) || state.status !== 'watching'
}
