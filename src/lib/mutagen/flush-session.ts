import {setTimeout as sleep} from 'node:timers/promises'
import {KegError} from '../error/keg-error.js'
import {count, formatBytes, printable} from '../terminal/text.js'
import type {Mutagen} from './mutagen.js'
import {isConnected, isHalted, troublesOf} from './session-health.js'
import {isManaged} from './session-labels.js'
import type {SyncSession} from './session.js'
import type {Work} from '../work/work.js'

export interface FlushOptions {
  readonly mutagen: Mutagen
  readonly session: SyncSession
  /** The stage's name in progress. */
  readonly stage: string
  /** How long it may make no progress, in milliseconds. */
  readonly patience?: number
  /** How long an endpoint may be disconnected, in milliseconds. */
  readonly connectPatience?: number
}

/** The session after a flush. */
export interface Flushed {
  /** Undefined if it was terminated in the meantime. Whether it is clean is shown by its troubles. */
  readonly session: SyncSession | undefined
  /** Mutagen's error; undefined if the flush succeeded. */
  readonly failure: KegError | undefined
  /** Whether the flush was given up because it made no progress. */
  readonly isStuck: boolean
}

/** How long a session may make no progress, in milliseconds. */
export const FLUSH_TIMEOUT = 5 * 60_000

/**
 * Flushes a session and waits for it, as long as it makes progress, also if an endpoint is disconnected for a moment.
 * Remaining conflicts and problems are not errors here.
 * @throws the reason of the signal, and what Mutagen's list does
 */
export async function flushSession(work: Pick<Work, 'progress' | 'signal'>, options: FlushOptions): Promise<Flushed> {
  const {signal} = work
  const {connectPatience = CONNECT_TIMEOUT, mutagen, session} = options
  const {id} = session
  const connectUntil = Date.now() + connectPatience
  for (let flushes = 0; ;) {
    const end = await flushOnce(work, options)
    const state = (await mutagen.list(signal)).find((each) => each.id === id)
    if (end === 'stuck') return {session: state, failure: undefined, isStuck: true}
    const flushed = {session: state, failure: end, isStuck: false}
    if (state === undefined || state.isPaused || isHalted(state.status)) return flushed
    if ((end !== undefined || !isConnected(state)) && Date.now() < connectUntil) {
      // Mutagen itself retries only every 15 s; keg leaves others' sessions alone.
      if (!isConnected(state) && isManaged(session))
        await mutagen.resume(id, AbortSignal.any([signal, AbortSignal.timeout(connectPatience)])).catch(() => undefined)
      signal.throwIfAborted()
      await sleep(POLL_MILLISECONDS, undefined, {signal}).catch(() => undefined)
      continue
    }
    flushes++
    const isClean = troublesOf(state).length === 0
    if (isClean || state.conflicts.length > 0 || flushes === MAX_FLUSHES) return flushed
  }
}

/** A cycle can meet a file that is just changing; the next one transfers it. */
const MAX_FLUSHES = 3
const POLL_MILLISECONDS = 500
const CONNECT_TIMEOUT = 20_000

/** @returns Mutagen's error if the flush failed */
async function flushOnce(
  {progress, signal}: Pick<Work, 'progress' | 'signal'>,
  {mutagen, patience = FLUSH_TIMEOUT, session: {id}, stage}: FlushOptions,
): Promise<KegError | 'stuck' | undefined> {
  const stop = new AbortController()
  const combined = AbortSignal.any([signal, stop.signal])
  const onState = (state: SyncSession | undefined): void => progress({stage, state: 'running', note: noteOf(state)})
  const watching = watch(id, {mutagen, patience, onState, signal: combined}).catch(() => 'over' as const)
  try {
    const flushing = mutagen.flush(id, combined)
    void watching.then((end) => {
      if (end === 'stuck') stop.abort(STUCK)
    })
    await flushing
    return undefined
  } catch (error) {
    signal.throwIfAborted()
    if (error === STUCK) return 'stuck'
    if (error instanceof KegError) return error
    throw error
  } finally {
    stop.abort()
    await watching
  }
}

const STUCK = new Error('the sync does not get on')

interface WatchOptions extends Pick<FlushOptions, 'mutagen'>, Pick<Work, 'signal'> {
  readonly patience: number
  readonly onState: (state: SyncSession | undefined) => void
}

/** Watches a session until aborted, or until it makes no progress. */
async function watch(id: string, {mutagen, onState, patience, signal}: WatchOptions): Promise<'stuck'> {
  let seen = ''
  let since = Date.now()
  for (;;) {
    await sleep(POLL_MILLISECONDS, undefined, {signal})
    // A daemon that does not answer counts as no progress.
    const asking = mutagen.list(AbortSignal.any([signal, AbortSignal.timeout(patience)]))
    const state = (await asking.catch(() => [])).find((each) => each.id === id)
    const now = JSON.stringify([state?.status, state?.successfulCycles, stagingOf(state)])
    if (now !== seen) since = Date.now()
    else if (Date.now() - since > patience) return 'stuck'
    seen = now
    onState(state)
  }
}

function stagingOf(state: SyncSession | undefined): SyncSession['alpha']['staging'] {
  return state?.beta.staging ?? state?.alpha.staging
}

function noteOf(state: SyncSession | undefined): string {
  const staging = stagingOf(state)
  if (staging === undefined) return printable(state?.status.replaceAll('-', ' ') ?? '')
  const {expectedFiles, receivedBytes, receivedFiles} = staging
  return `${receivedFiles.toLocaleString('en-US')} of ${count(expectedFiles, 'file')}, ${formatBytes(receivedBytes)}`
}
