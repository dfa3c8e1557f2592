import {setTimeout as sleep} from 'node:timers/promises'
import {KegError} from '../error/keg-error.js'
import type {ProgressListener} from '../terminal/progress.js'
import {count, formatBytes, printable} from '../terminal/text.js'
import type {Mutagen} from './mutagen.js'
import {isConnected, isHalted, troublesOf} from './session-health.js'
import {isOwn} from './session-labels.js'
import type {SyncSession} from './session.js'

export interface FlushOptions {
  readonly mutagen: Mutagen
  readonly session: SyncSession
  /** What progress calls it. */
  readonly stage: string
  /** How long it may stand without getting on, in milliseconds. */
  readonly patience?: number
  /** How long it may be without one of its sides, in milliseconds. */
  readonly connectPatience?: number
  readonly progress: ProgressListener
  readonly signal: AbortSignal
}

/** How a session is after it was flushed. */
export interface Flushed {
  /** Undefined where somebody ended it meanwhile. Whether it is clean is seen by its troubles. */
  readonly session: SyncSession | undefined
  /** What Mutagen said where it did not do it; undefined where it did. */
  readonly failure: KegError | undefined
  /** Whether it was given up, because it did not get on. */
  readonly isStuck: boolean
}

/** How long a session may stand without getting on, in milliseconds. */
export const FLUSH_PATIENCE = 5 * 60_000

/**
 * Has a session bring over all that there is on either side now, and waits for it: as long as it gets on, and through a side
 * that is lost for a moment. What stands in its way after that is no error here.
 * @throws the reason of the signal, and what Mutagen's list does
 */
export async function flushSession(options: FlushOptions): Promise<Flushed> {
  const {connectPatience = CONNECT_PATIENCE, mutagen, session, signal} = options
  const {id} = session
  const connectUntil = Date.now() + connectPatience
  for (let flushes = 0; ;) {
    const end = await flushOnce(options)
    const state = (await mutagen.list(signal)).find((each) => each.id === id)
    if (end === 'stuck') return {session: state, failure: undefined, isStuck: true}
    const flushed = {session: state, failure: end, isStuck: false}
    if (state === undefined || state.isPaused || isHalted(state.status)) return flushed
    if ((end !== undefined || !isConnected(state)) && Date.now() < connectUntil) {
      // Mutagen tries again only every 15 s by itself; others' sessions are theirs.
      if (!isConnected(state) && isOwn(session))
        await mutagen.resume(id, AbortSignal.any([signal, AbortSignal.timeout(connectPatience)])).catch(() => undefined)
      signal.throwIfAborted()
      await sleep(POLL_MILLISECONDS, undefined, {signal}).catch(() => undefined)
      continue
    }
    flushes++
    const isClean = troublesOf(state).length === 0
    if (isClean || state.conflicts.length > 0 || flushes === MOST_FLUSHES) return flushed
  }
}

/** One cycle may come upon a file that changes just then; the next one brings it over. */
const MOST_FLUSHES = 3
const POLL_MILLISECONDS = 500
const CONNECT_PATIENCE = 20_000

/** @returns what Mutagen said where it did not do it */
async function flushOnce({
  mutagen,
  patience = FLUSH_PATIENCE,
  progress,
  session: {id},
  signal,
  stage,
}: FlushOptions): Promise<KegError | 'stuck' | undefined> {
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const onState = (state: SyncSession | undefined): void => progress({stage, state: 'running', note: noteOf(state)})
  const watching = watch(id, {mutagen, patience, onState, signal: either}).catch(() => 'over' as const)
  try {
    const flushing = mutagen.flush(id, either)
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

interface WatchOptions extends Pick<FlushOptions, 'mutagen' | 'signal'> {
  readonly patience: number
  readonly onState: (state: SyncSession | undefined) => void
}

/** Looks how far a session is, until somebody aborts it or it does not get on. */
async function watch(id: string, {mutagen, onState, patience, signal}: WatchOptions): Promise<'stuck'> {
  let seen = ''
  let since = Date.now()
  for (;;) {
    await sleep(POLL_MILLISECONDS, undefined, {signal})
    // A daemon that does not answer does not get on either.
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
