import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails, ContainerState} from '../../engine/types.js'
import {KegError, MissingError} from '../../error/keg-error.js'
import {allSettledOrThrow} from '../../async/all-settled.js'
import {formatDuration} from '../../terminal/text.js'
import {findBranchMismatches, mismatchText} from '../../branch/sync/branch-guard.js'
import {FLUSH_TIMEOUT, flushSession} from '../../mutagen/flush-session.js'
import {sessionsInto, type ContainerPlace} from '../../mutagen/into-container.js'
import {Mutagen} from '../../mutagen/mutagen.js'
import {resumeSession} from '../../mutagen/resume-session.js'
import {commandFor, isAtRest, isConnected, troublesOf} from '../../mutagen/session-health.js'
import {isManaged} from '../../mutagen/session-labels.js'
import type {SyncSession} from '../../mutagen/session.js'
import {waitForRest} from '../../mutagen/wait-for-rest.js'
import {notFlushed, otherSide, refuseUnclean, titleOf} from './unclean-syncs.js'
import {shownName} from '../container-name.js'
import type {Work} from '../../work/work.js'

/** What finding a container's syncs needs. */
export type SyncsWork = Pick<Work, 'environment' | 'signal' | 'warn'> & {
  readonly engine: Pick<Engine, 'container' | 'endpoint'>
}

/** Which container, and how to look. */
export interface FindSyncsOptions {
  readonly container: ContainerDetails
  /** Whether Mutagen's daemon may be started for this. */
  readonly mayStartDaemon: boolean
}

/** What will be done about a sync. */
export interface PlannedSync {
  /** Its name. */
  readonly name: string
  /** The other side: the folder on this machine, in the sessions that keg makes. */
  readonly folder: string
  /** `flush and pause`; `flush` for a sync that keg did not make; `none` for one that the user paused. */
  readonly action: 'flush and pause' | 'flush' | 'none'
}

type SettleWork = Pick<Work, 'progress' | 'signal'>

export interface SettleOptions {
  /** How long a sync may make no progress, in milliseconds. */
  readonly patience?: number
  /** How long a sync may be disconnected from its container, in milliseconds. */
  readonly connectPatience?: number
}

/**
 * The syncs into a container that is packaged: their folders are flushed and clean before the container is read, and nothing
 * is transferred while it is. Without Mutagen sessions this costs one look at a folder. Paused sessions are resumed on
 * disposal, at the latest.
 */
export class ContainerSyncs implements AsyncDisposable {
  /** Identifiers of those that were connected at first. */
  readonly #connected: ReadonlySet<string>
  /** Those that keg paused, or was about to. */
  readonly #paused = new Map<string, SyncSession>()
  #synced: string | undefined
  #resuming: Promise<void> = Promise.resolve()

  private constructor(
    private readonly work: SyncsWork,
    private readonly options: FindSyncsOptions,
    private readonly mutagen: Mutagen | undefined,
    private found: readonly SyncSession[],
    /** Whether there may be others that cannot be listed. */
    readonly isUnknown: boolean,
  ) {
    this.#connected = new Set(found.filter(isConnected).map(({id}) => id))
  }

  /**
   * Finds the sessions with an endpoint in a container, without changing any. Warns about branch mismatches, and if Mutagen
   * is missing and they cannot be checked.
   * @throws FailedError `mutagen-failed`
   */
  static async find(work: SyncsWork, options: FindSyncsOptions): Promise<ContainerSyncs> {
    const {environment, signal, warn} = work
    const {container, mayStartDaemon} = options
    try {
      const mutagen = await Mutagen.ifUsed(environment, {mayStartDaemon})
      if (mutagen === undefined) return new ContainerSyncs(work, options, undefined, [], false)
      const sessions = await sessionsInto(work, await mutagen.list(signal), placeOf(work, options))
      for (const mismatch of await findBranchMismatches(sessions.filter(isManaged), environment))
        warn(mismatchText(mismatch))
      return new ContainerSyncs(work, options, mutagen, sessions, false)
    } catch (error) {
      signal.throwIfAborted()
      const canContinue = error instanceof MissingError || (!mayStartDaemon && error instanceof KegError)
      if (!canContinue) throw error
      warn(
        `Cannot check the syncs into ${shownName(container)}: ${error.message} Changes that they have not synced yet are not in the package.`,
      )
      return new ContainerSyncs(work, options, undefined, [], true)
    }
  }

  get planned(): PlannedSync[] {
    return this.sessions.map((session) => ({
      name: session.name ?? session.id,
      folder: session.alpha.protocol === 'local' ? session.alpha.path : session.beta.path,
      action: session.isPaused ? 'none' : isManaged(session) ? 'flush and pause' : 'flush',
    }))
  }

  /** The sessions with an endpoint in the container, as last listed. */
  get sessions(): readonly SyncSession[] {
    return this.found
  }

  /** Lists the sessions again. @returns the identifiers of those that `settle` pauses. */
  async toPause(signal: AbortSignal): Promise<readonly string[]> {
    if (this.mutagen !== undefined)
      this.found = await sessionsInto(this.work, await this.mutagen.list(signal), placeOf(this.work, this.options))
    return this.found.filter((session) => isManaged(session) && !session.isPaused).map(({id}) => id)
  }

  /** When all syncs into the container were clean, as ISO 8601; undefined if they were not, or if there are none. */
  get synced(): string | undefined {
    return this.#synced
  }

  /** Whether sessions that are not keg's are active in the container. */
  get hasActiveUnmanaged(): boolean {
    return this.sessions.some((session) => !session.isPaused && !isManaged(session))
  }

  /** Whether an agent may have come into the container since its syncs were first listed. */
  get mayHaveNewAgent(): boolean {
    return this.sessions.some(({id, isPaused}) => !isPaused && !this.#connected.has(id))
  }

  /**
   * Flushes every session into the container, pauses keg's own, and checks that all are clean. A session that the user
   * paused stays paused, and so do those of a paused container; a warning says so.
   * @throws RefusedError `sync-unclean` with all reasons; the sessions are then resumed.
   */
  async settle(work: SettleWork, options: SettleOptions = {}): Promise<void> {
    const {mutagen} = this
    const active = await this.#reachable()
    if (mutagen === undefined || active.length === 0) return
    const {container} = this.options
    work.progress({stage: STAGE, state: 'running'})
    const flushed = (
      await allSettledOrThrow(active.map((session) => this.#flush(work, session, mutagen, options)))
    ).flat()
    refuseUnclean(container, flushed)
    const now = new Date().toISOString()
    await this.#pause(active, work.signal)
    // Unknown for one that is paused, or was terminated in the meantime.
    if (flushed.length === this.sessions.length) this.#synced = now
    work.progress({stage: STAGE, state: 'done', note: flushed.map(noteOf).join(', ')})
  }

  /**
   * Checks for what `settle` would refuse, without flushing, pausing or resuming. Warns about syncs that are still
   * transferring.
   * @throws RefusedError `sync-unclean`
   */
  async check(signal: AbortSignal): Promise<void> {
    const {mutagen} = this
    const active = await this.#reachable()
    if (mutagen === undefined || active.length === 0) return
    const {warn} = this.work
    const {container} = this.options
    const states = await waitForRest({signal}, {mutagen, ids: active.map(({id}) => id)})
    refuseUnclean(container, states)
    for (const session of states)
      if (!session.isPaused && !isAtRest(session))
        warn(
          `The sync ${titleOf(session)} is still transferring changes, which are not counted here. Packaging waits for them.`,
        )
  }

  /** Resumes those that `settle` paused. Warns about one that cannot be resumed; that is no error. */
  async resume(): Promise<void> {
    const {mutagen} = this
    if (mutagen === undefined) return
    const sessions = [...this.#paused.values()]
    this.#paused.clear()
    const before = this.#resuming
    this.#resuming = Promise.all([
      before,
      ...sessions.map(async (session) => {
        if (await resumeSession(mutagen, session)) return
        this.work.warn(`The sync ${titleOf(session)} is still paused. Resume it with: ${commandFor(session, 'resume')}`)
      }),
    ]).then(() => undefined)
    await this.#resuming
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resume()
  }

  /** Sessions that can transfer changes now; warns about the others. */
  async #reachable(): Promise<readonly SyncSession[]> {
    const {engine, warn} = this.work
    const {container} = this.options
    for (const session of this.sessions)
      if (session.isPaused)
        warn(
          `The sync ${titleOf(session)} is paused: what changed in ${otherSide(session)} since then is not in the package.`,
        )
    const active = this.sessions.filter(({isPaused}) => !isPaused)
    if (active.length === 0) return []
    const reason = unreachableReason((await engine.container(container.Id))?.State)
    if (reason === undefined) return active
    for (const session of active)
      warn(`${shownName(container)} ${reason}, so the sync ${titleOf(session)} could not update it.`)
    return []
  }

  /** @returns the session's new state; none if it was terminated in the meantime */
  async #flush(
    {progress, signal}: SettleWork,
    session: SyncSession,
    mutagen: Mutagen,
    options: SettleOptions,
  ): Promise<SyncSession[]> {
    const {
      failure,
      isStuck,
      session: state,
    } = await flushSession({progress, signal}, {...options, mutagen, session, stage: STAGE})
    if (isStuck)
      throw notFlushed(session, `has made no progress for ${formatDuration(options.patience ?? FLUSH_TIMEOUT)}`)
    if (state === undefined) return []
    if (state.isPaused) throw notFlushed(session, 'was paused by something else meanwhile')
    if (failure !== undefined && troublesOf(state).length === 0) throw failure
    return [state]
  }

  async #pause(active: readonly SyncSession[], signal: AbortSignal): Promise<void> {
    const {mutagen} = this
    if (mutagen === undefined) return
    await allSettledOrThrow(
      active.filter(isManaged).map(async (session) => {
        signal.throwIfAborted()
        // Before pausing: it is unknown whether an interrupted attempt succeeded.
        this.#paused.set(session.id, session)
        await mutagen.pause(session.id, signal)
      }),
    )
    const states = await mutagen.list(signal)
    const stillActive = active.flatMap(({id}) => states.find((state) => state.id === id) ?? [])
    refuseUnclean(this.options.container, stillActive)
  }
}

const STAGE = 'Waiting for the sync'

function placeOf({engine}: Pick<SyncsWork, 'engine'>, {container}: FindSyncsOptions): ContainerPlace {
  return {id: container.Id, name: container.Name, endpoint: engine.endpoint}
}

/** Why no sync can reach a container; undefined if one can. */
function unreachableReason(state: ContainerState | undefined): string | undefined {
  if (state?.Running !== true) return 'does not run'
  return state.Paused ? 'is paused' : undefined
}

function noteOf(session: SyncSession): string {
  return isManaged(session) ? titleOf(session) : `${titleOf(session)} (not keg's: it is not paused)`
}
