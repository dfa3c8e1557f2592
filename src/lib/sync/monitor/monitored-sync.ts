import {FailedError} from '../../error/keg-error.js'
import {printable} from '../../terminal/text.js'
import {findBranchMismatches, mismatchText, sessionBranch} from '../branch/branch-guard.js'
import type {Mutagen} from '../mutagen.js'
import {observed} from '../observe-syncs.js'
import {isConnecting, type SyncTrouble} from '../session-health.js'
import type {SyncSession} from '../session.js'
import type {MonitorEvent, MonitorListener} from './monitor-event.js'
import {OneAtATime} from './one-at-a-time.js'
import {watchFolder, type FolderWatch} from './watch-folder.js'
import {watchGit, type GitWatch} from './watch-git.js'

export interface MonitoredSyncOptions {
  readonly mutagen: Mutagen
  readonly environment: NodeJS.ProcessEnv
  readonly listen: MonitorListener
  /** Hears of what nobody expected; the monitor ends then. */
  readonly failed: (error: unknown) => void
  readonly signal: AbortSignal
}

/** How long git gets to write HEAD after it has let go of the index, before files count as those of the old branch. */
const SETTLING_MILLISECONDS = 250

/**
 * One session that is monitored: tells what becomes of it, flushes it when something changes in its folder, and keeps it
 * paused while another branch is checked out there. Git writes HEAD after the files: where files change under git's hands the
 * session is paused as well, until it is known for what.
 */
export class MonitoredSync {
  readonly #options: MonitoredSyncOptions
  readonly #flushing: OneAtATime
  readonly #guarding: OneAtATime
  #session: SyncSession
  #checkedOut: string | null = null
  /** Why the monitor has paused it. */
  #held: 'branch' | 'git' | undefined
  /** Whether git is changing files. */
  #isRewriting = false
  #told: {readonly state: string; readonly troubles: ReadonlyMap<string, SyncTrouble>} | undefined
  #folder: FolderWatch | undefined
  #git: GitWatch | undefined
  #timer: NodeJS.Timeout | undefined
  #hasEnded = false
  #starting: Promise<void> | undefined

  constructor(session: SyncSession, options: MonitoredSyncOptions) {
    this.#session = session
    this.#options = options
    this.#flushing = new OneAtATime(async () => this.#flush(), options.failed)
    this.#guarding = new OneAtATime(async () => this.#guard(), options.failed)
  }

  /** Tells how it is, looks at the branch, and begins to watch. */
  async start(): Promise<void> {
    this.#starting = this.#start()
    await this.#starting
  }

  /** Takes what Mutagen says now. */
  async update(session: SyncSession): Promise<void> {
    const wentOn = !session.isPaused && (this.#session.isPaused || this.#held !== undefined)
    this.#session = session
    if (wentOn) this.#guarding.request()
    // That a paused one loses its container, and finds it again, is nothing new.
    if (!isConnecting(session)) await this.#tellState()
  }

  /** Ends the watching. A session that waits for git alone goes on. */
  async end(): Promise<void> {
    this.#hasEnded = true
    // What was begun can be ended once it is there; that it failed others hear of.
    await this.#starting?.catch(() => undefined)
    clearTimeout(this.#timer)
    this.#git?.close()
    await this.#folder?.close()
    await Promise.all([this.#flushing.settled(), this.#guarding.settled()])
    if (this.#held !== 'git') return
    const mismatches = await findBranchMismatches([this.#session], this.#options.environment)
    if (mismatches.length === 0) await this.#options.mutagen.resume(this.#session.id).catch(unlessUnexpected)
  }

  /** Mutagen has the session no more. */
  async ended(): Promise<void> {
    this.#held = undefined
    await this.end()
    this.#tell({event: 'ended'})
  }

  async #start(): Promise<void> {
    await this.#tellState()
    const {alpha, settings} = this.#session
    if (alpha.protocol !== 'local') return
    const {environment} = this.#options
    const guard = (): void => this.#guarding.request()
    this.#git = await watchGit({folder: alpha.path, environment, changed: guard})
    guard()
    await this.#guarding.settled()
    this.#folder = await watchFolder({
      folder: alpha.path,
      settings,
      changed: () => void this.#changed().catch(this.#options.failed),
      lost: (reason) => {
        const message = `${printable(alpha.path)} cannot be watched (${printable(reason)}): edits come over by Mutagen's polling.`
        this.#tell({event: 'unwatched', message})
      },
    })
    if (this.#folder !== undefined) this.#tell({event: 'watched', folder: alpha.path})
    // What changed while the watching began.
    this.#flushing.request()
  }

  async #changed(): Promise<void> {
    if ((await this.#git?.isAtWork()) !== true) {
      this.#flushing.request()
      return
    }
    this.#isRewriting = true
    this.#guarding.request()
  }

  async #flush(): Promise<void> {
    const {mutagen, signal} = this.#options
    if (this.#session.isPaused || this.#held !== undefined || this.#hasEnded) return
    const start = performance.now()
    try {
      await mutagen.flush(this.#session.id, signal)
    } catch (error) {
      // What stands in the way Mutagen's next state says; its own polling goes on.
      unlessUnexpected(error)
      return
    }
    this.#tell({event: 'flushed', milliseconds: Math.round(performance.now() - start)})
  }

  async #guard(): Promise<void> {
    if (this.#hasEnded) return
    const wasRewriting = this.#isRewriting
    this.#isRewriting &&= (await this.#git?.isAtWork()) === true
    const [mismatch] = await findBranchMismatches([this.#session], this.#options.environment)
    this.#checkedOut = mismatch?.checkedOut ?? null
    if (mismatch !== undefined) await this.#hold('branch', mismatchText(mismatch))
    else if (this.#isRewriting) await this.#hold('git', gitText(this.#session))
    else if (this.#held !== undefined && !wasRewriting) await this.#release()
    if (wasRewriting) this.#guardLater()
    if (!isConnecting(this.#session)) await this.#tellState()
  }

  #guardLater(): void {
    clearTimeout(this.#timer)
    if (!this.#hasEnded) this.#timer = setTimeout(() => this.#guarding.request(), SETTLING_MILLISECONDS)
  }

  async #hold(reason: 'branch' | 'git', message: string): Promise<void> {
    // What somebody else has paused is left to them.
    if (this.#session.isPaused && this.#held === undefined) return
    if (this.#held !== reason) this.#tell({event: 'held', reason, message})
    this.#held = reason
    if (!this.#session.isPaused) await this.#options.mutagen.pause(this.#session.id).catch(unlessUnexpected)
  }

  async #release(): Promise<void> {
    await this.#options.mutagen.resume(this.#session.id).catch(unlessUnexpected)
    this.#held = undefined
    this.#tell({event: 'released'})
    this.#flushing.request()
  }

  async #tellState(): Promise<void> {
    const branch = await sessionBranch(this.#session, this.#options.environment)
    const sync = observed(this.#session, branch, this.#checkedOut)
    const state = JSON.stringify([sync.status, sync.paused, sync.clean, sync.branch, sync.checkedOut])
    const wrong = isConnecting(this.#session) ? [] : sync.troubles
    const troubles = new Map(wrong.map((trouble) => [JSON.stringify(trouble), trouble]))
    const before = this.#told
    this.#told = {state, troubles}
    if (state !== before?.state) this.#tell({event: 'state', sync})
    for (const [key, trouble] of before?.troubles ?? []) if (!troubles.has(key)) this.#tell({event: 'cleared', trouble})
    for (const [key, trouble] of troubles)
      if (before?.troubles.has(key) !== true) this.#tell({event: 'trouble', trouble})
  }

  #tell(event: Told): void {
    const {id, name} = this.#session
    this.#options.listen({id, name: name ?? null, ...event})
  }
}

/** An event without what it tells of each session. */
type Told = MonitorEvent extends infer Each ? (Each extends MonitorEvent ? Omit<Each, 'id' | 'name'> : never) : never

function gitText({alpha, id, name}: SyncSession): string {
  return printable(`git is changing files in ${alpha.path}: the sync ${name ?? id} waits for it.`)
}

/** A session that was ended or paused meanwhile, a container that is gone: Mutagen's next state says so. */
function unlessUnexpected(error: unknown): void {
  if (!(error instanceof FailedError)) throw error
}
