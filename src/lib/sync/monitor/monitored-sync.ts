import {FailedError} from '../../error/keg-error.js'
import {printable} from '../../terminal/text.js'
import {findBranchMismatches, mismatchText, sessionBranch} from '../../branch/sync/branch-guard.js'
import type {Mutagen} from '../../mutagen/mutagen.js'
import {observed} from '../observe-syncs.js'
import {isConnected, isConnecting, type SyncTrouble} from '../../mutagen/session-health.js'
import type {SyncSession} from '../../mutagen/session.js'
import type {MonitorEvent, MonitorListener} from './monitor-event.js'
import {OneAtATime} from '../../async/one-at-a-time.js'
import {watchFolder, type FolderWatch} from './watch-folder.js'
import {watchGit, type GitWatch} from './watch-git.js'
import type {Work} from '../../work/work.js'

export interface MonitoredSyncOptions {
  readonly mutagen: Mutagen
  readonly listen: MonitorListener
  /** Called for an unexpected error; the monitor ends then. */
  readonly failed: (error: unknown) => void
}

/** How many paths are kept to be listed; a checkout can change any number. */
const MAX_EDITS = 100

/** How long git may take to write HEAD after it has released the index, before files count as the old branch's. */
const SETTLING_MILLISECONDS = 250

/** How long to wait before a failed flush is tried again. */
const RETRY_MILLISECONDS = 1000

/**
 * One monitored session: reports its events, flushes it when something changes in its folder, and pauses it while another
 * branch is checked out there. Git writes HEAD after the files: while git changes files, the session is paused as well,
 * until the branch is known.
 */
export class MonitoredSync {
  readonly #work: Pick<Work, 'environment' | 'signal'>
  readonly #options: MonitoredSyncOptions
  readonly #flushing: OneAtATime
  readonly #guarding: OneAtATime
  #session: SyncSession
  #checkedOut: string | null = null
  /** Why the monitor paused it. */
  #pausedFor: 'branch' | 'git' | undefined
  /** Whether git is changing files. */
  #isRewriting = false
  #emitted: {readonly state: string; readonly troubles: ReadonlyMap<string, SyncTrouble>} | undefined
  #folder: FolderWatch | undefined
  #git: GitWatch | undefined
  #timer: NodeJS.Timeout | undefined
  #retryTimer: NodeJS.Timeout | undefined
  /** What changed in the folder since the last flush, and how many more paths. */
  readonly #edits = new Set<string>()
  #moreEdits = 0
  #hasEnded = false
  #starting: Promise<void> | undefined

  constructor(work: Pick<Work, 'environment' | 'signal'>, session: SyncSession, options: MonitoredSyncOptions) {
    this.#work = work
    this.#session = session
    this.#options = options
    this.#flushing = new OneAtATime(async () => this.#flush(), options.failed)
    this.#guarding = new OneAtATime(async () => this.#guard(), options.failed)
  }

  /** Reports its state, checks the branch, and starts to watch. */
  async start(): Promise<void> {
    this.#starting = this.#start()
    await this.#starting
  }

  /** Takes Mutagen's new state. */
  async update(session: SyncSession): Promise<void> {
    const wasResumed = !session.isPaused && (this.#session.isPaused || this.#pausedFor !== undefined)
    this.#session = session
    if (wasResumed) this.#guarding.request()
    // A paused one that loses or finds its container is not worth an event.
    if (!isConnecting(session)) await this.#emitState()
  }

  /** Stops watching. A session that only waits for git is resumed. */
  async end(): Promise<void> {
    this.#hasEnded = true
    // Only a finished start can be stopped; its error is reported elsewhere.
    await this.#starting?.catch(() => undefined)
    clearTimeout(this.#timer)
    clearTimeout(this.#retryTimer)
    this.#git?.close()
    await this.#folder?.close()
    await Promise.all([this.#flushing.settled(), this.#guarding.settled()])
    if (this.#pausedFor !== 'git') return
    const mismatches = await findBranchMismatches([this.#session], this.#work.environment)
    if (mismatches.length === 0) await this.#options.mutagen.resume(this.#session.id).catch(unlessUnexpected)
  }

  /** Mutagen does not have the session any more. */
  async ended(): Promise<void> {
    this.#pausedFor = undefined
    await this.end()
    this.#emit({event: 'ended'})
  }

  async #start(): Promise<void> {
    await this.#emitState()
    const {alpha, settings} = this.#session
    if (alpha.protocol !== 'local') return
    const guard = (): void => this.#guarding.request()
    this.#git = await watchGit(this.#work.environment, {folder: alpha.path, changed: guard})
    guard()
    await this.#guarding.settled()
    this.#folder = await watchFolder({
      folder: alpha.path,
      settings,
      changed: (paths) => void this.#changed(paths).catch(this.#options.failed),
      lost: (reason) => {
        const message = `${printable(alpha.path)} cannot be watched (${printable(reason)}): Mutagen's polling syncs the edits.`
        this.#emit({event: 'unwatched', message})
      },
    })
    if (this.#folder !== undefined) this.#emit({event: 'watched', folder: alpha.path})
    // Changes from before the watch started.
    this.#flushing.request()
  }

  async #changed(paths: readonly string[]): Promise<void> {
    this.#note(paths)
    if ((await this.#git?.isAtWork()) !== true) {
      this.#flushing.request()
      return
    }
    this.#isRewriting = true
    this.#guarding.request()
  }

  async #flush(): Promise<void> {
    const {mutagen} = this.#options
    const {signal} = this.#work
    if (this.#session.isPaused || this.#pausedFor !== undefined || this.#hasEnded) return
    const start = performance.now()
    const [paths, morePaths] = [[...this.#edits], this.#moreEdits]
    this.#edits.clear()
    this.#moreEdits = 0
    try {
      await mutagen.flush(this.#session.id, signal)
    } catch (error) {
      // Mutagen's next state has the reason. A session that is just connecting cannot be flushed yet.
      unlessUnexpected(error)
      this.#note(paths)
      this.#moreEdits += morePaths
      this.#flushLater()
      return
    }
    this.#emit({event: 'flushed', milliseconds: Math.round(performance.now() - start), paths, morePaths})
  }

  #note(edits: readonly string[]): void {
    for (const path of edits)
      if (this.#edits.size < MAX_EDITS) this.#edits.add(path)
      else if (!this.#edits.has(path)) this.#moreEdits++
  }

  #flushLater(): void {
    clearTimeout(this.#retryTimer)
    if (this.#hasEnded) return
    this.#retryTimer = setTimeout(() => {
      if (isConnected(this.#session)) this.#flushing.request()
      else this.#flushLater()
    }, RETRY_MILLISECONDS)
  }

  async #guard(): Promise<void> {
    if (this.#hasEnded) return
    const wasRewriting = this.#isRewriting
    this.#isRewriting &&= (await this.#git?.isAtWork()) === true
    const [mismatch] = await findBranchMismatches([this.#session], this.#work.environment)
    this.#checkedOut = mismatch?.checkedOut ?? null
    if (mismatch !== undefined) await this.#pause('branch', mismatchText(mismatch))
    else if (this.#isRewriting) await this.#pause('git', gitText(this.#session))
    else if (this.#pausedFor !== undefined && !wasRewriting) await this.#resume()
    if (wasRewriting) this.#guardLater()
    if (!isConnecting(this.#session)) await this.#emitState()
  }

  #guardLater(): void {
    clearTimeout(this.#timer)
    if (!this.#hasEnded) this.#timer = setTimeout(() => this.#guarding.request(), SETTLING_MILLISECONDS)
  }

  async #pause(reason: 'branch' | 'git', message: string): Promise<void> {
    // What somebody else paused is left alone.
    if (this.#session.isPaused && this.#pausedFor === undefined) return
    if (this.#pausedFor !== reason) this.#emit({event: 'held', reason, message})
    this.#pausedFor = reason
    if (!this.#session.isPaused) await this.#options.mutagen.pause(this.#session.id).catch(unlessUnexpected)
  }

  async #resume(): Promise<void> {
    await this.#options.mutagen.resume(this.#session.id).catch(unlessUnexpected)
    this.#pausedFor = undefined
    this.#emit({event: 'released'})
    this.#flushing.request()
  }

  async #emitState(): Promise<void> {
    const branch = await sessionBranch(this.#session, this.#work.environment)
    const sync = observed(this.#session, branch, this.#checkedOut)
    const state = JSON.stringify([sync.status, sync.paused, sync.clean, sync.branch, sync.checkedOut])
    const wrong = isConnecting(this.#session) ? [] : sync.troubles
    const troubles = new Map(wrong.map((trouble) => [JSON.stringify(trouble), trouble]))
    const before = this.#emitted
    this.#emitted = {state, troubles}
    if (state !== before?.state) this.#emit({event: 'state', sync})
    for (const [key, trouble] of before?.troubles ?? []) if (!troubles.has(key)) this.#emit({event: 'cleared', trouble})
    for (const [key, trouble] of troubles)
      if (before?.troubles.has(key) !== true) this.#emit({event: 'trouble', trouble})
  }

  #emit(event: EventDetails): void {
    const {id, name} = this.#session
    this.#options.listen({id, name: name ?? null, ...event})
  }
}

/** An event without the fields that all events have. */
type EventDetails = MonitorEvent extends infer Each
  ? Each extends MonitorEvent
    ? Omit<Each, 'id' | 'name'>
    : never
  : never

function gitText({alpha, id, name}: SyncSession): string {
  return printable(`git is changing files in ${alpha.path}: the sync ${name ?? id} waits for it.`)
}

/** For a session that was terminated or paused, or a container that is gone, Mutagen's next state says so. */
function unlessUnexpected(error: unknown): void {
  if (!(error instanceof FailedError)) throw error
}
