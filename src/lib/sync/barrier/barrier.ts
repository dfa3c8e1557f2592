import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails, ContainerState} from '../../engine/types.js'
import {KegError, MissingError, RefusedError} from '../../error/keg-error.js'
import {settleAll} from '../../package/settle.js'
import type {ProgressListener} from '../../terminal/progress.js'
import {formatDuration, printable} from '../../terminal/text.js'
import {findBranchMismatches, mismatchText} from '../branch/branch-guard.js'
import {FLUSH_PATIENCE, flushSession} from '../flush-session.js'
import {sessionsInto, type ContainerPlace} from '../into-container.js'
import {Mutagen} from '../mutagen.js'
import {resumeSession} from './resume-session.js'
import {commandFor, isConnected, troublesOf, type SyncTrouble} from '../session-health.js'
import {isOwn} from '../session-labels.js'
import type {SyncSession} from '../session.js'

/** What the syncs of a container are looked for with. */
export interface FindSyncsOptions {
  readonly engine: Pick<Engine, 'container' | 'endpoint'>
  readonly container: ContainerDetails
  readonly environment: NodeJS.ProcessEnv
  /** Whether Mutagen's daemon may be started to be asked. */
  readonly mayStartDaemon: boolean
  /** Takes a warning, fit to show. */
  readonly warn: (text: string) => void
  readonly signal: AbortSignal
}

/** What is going to be done about a sync. */
export interface PlannedSync {
  readonly name: string
  /** The other side: the folder on this machine, in the sessions that keg makes. */
  readonly folder: string
  /** `flush and pause`; `flush` for one that keg did not make; `none` for one that its user paused. */
  readonly action: 'flush and pause' | 'flush' | 'none'
}

export interface SettleOptions {
  readonly progress: ProgressListener
  readonly signal: AbortSignal
  /** How long a sync may stand without getting on, in milliseconds. */
  readonly patience?: number
  /** How long a sync may be without its container, in milliseconds. */
  readonly connectPatience?: number
}

/**
 * The syncs into a container that is packaged: what the folders hold is brought over and is clean before the container is read,
 * and nothing more comes over while it is. Where Mutagen has no sessions this costs one look into a folder. Paused sessions go
 * on when disposed of, at the latest.
 */
export class ContainerSyncs implements AsyncDisposable {
  /** Identifiers of those that had both sides when they were first seen. */
  readonly #connected: ReadonlySet<string>
  /** Those that keg paused, or was about to. */
  readonly #paused = new Map<string, SyncSession>()
  #synced: string | undefined
  #resuming: Promise<void> = Promise.resolve()

  private constructor(
    private readonly options: FindSyncsOptions,
    private readonly mutagen: Mutagen | undefined,
    private found: readonly SyncSession[],
    /** Whether there may be others that cannot be seen. */
    readonly isBlind: boolean,
  ) {
    this.#connected = new Set(found.filter(isConnected).map(({id}) => id))
  }

  /**
   * Looks which sessions have a side in a container, and only looks. Says what is wrong with them by the branch guard, and that
   * they cannot be looked at where Mutagen is not there.
   * @throws FailedError `mutagen-failed`
   */
  static async find(options: FindSyncsOptions): Promise<ContainerSyncs> {
    const {container, environment, mayStartDaemon, signal, warn} = options
    try {
      const mutagen = await Mutagen.ifUsed(environment, {mayStartDaemon})
      if (mutagen === undefined) return new ContainerSyncs(options, undefined, [], false)
      const sessions = await sessionsInto(await mutagen.list(signal), placeOf(options))
      for (const mismatch of await findBranchMismatches(sessions.filter(isOwn), environment))
        warn(mismatchText(mismatch))
      return new ContainerSyncs(options, mutagen, sessions, false)
    } catch (error) {
      signal.throwIfAborted()
      const isBearable = error instanceof MissingError || (!mayStartDaemon && error instanceof KegError)
      if (!isBearable) throw error
      warn(
        `The syncs into ${nameOf(container)} could not be looked at: ${error.message} What one of them has not brought over yet is not in the package.`,
      )
      return new ContainerSyncs(options, undefined, [], true)
    }
  }

  get planned(): PlannedSync[] {
    return this.sessions.map((session) => ({
      name: session.name ?? session.id,
      folder: session.alpha.protocol === 'local' ? session.alpha.path : session.beta.path,
      action: session.isPaused ? 'none' : isOwn(session) ? 'flush and pause' : 'flush',
    }))
  }

  /** The sessions with a side in the container, as they were seen last. */
  get sessions(): readonly SyncSession[] {
    return this.found
  }

  /** Looks again, and tells the identifiers of the sessions that `settle` pauses. */
  async toPause(signal: AbortSignal): Promise<readonly string[]> {
    if (this.mutagen !== undefined)
      this.found = await sessionsInto(await this.mutagen.list(signal), placeOf(this.options))
    return this.found.filter((session) => isOwn(session) && !session.isPaused).map(({id}) => id)
  }

  /** When all syncs into the container were seen to be clean, as ISO 8601; undefined where they were not, or are none. */
  get synced(): string | undefined {
    return this.#synced
  }

  /** Whether agents of sessions that are not keg's are at work in the container. */
  get hasOthersAtWork(): boolean {
    return this.sessions.some((session) => !session.isPaused && !isOwn(session))
  }

  /** Whether an agent may have come into the container since its syncs were first looked at. */
  get mayHaveNewAgent(): boolean {
    return this.sessions.some(({id, isPaused}) => !isPaused && !this.#connected.has(id))
  }

  /**
   * Has every session into the container bring over all that there is, pauses keg's own, and looks whether all is clean. A
   * session that its user paused stays so, and so do those of a container that stands still itself: a line says so.
   * @throws RefusedError `sync-unclean` with all that stands in the way; then the sessions go on.
   */
  async settle(options: SettleOptions): Promise<void> {
    const {mutagen} = this
    if (mutagen === undefined || this.sessions.length === 0) return
    const {container, engine, warn} = this.options
    const active = this.sessions.filter(({isPaused}) => !isPaused)
    for (const session of this.sessions)
      if (session.isPaused)
        warn(
          `The sync ${titleOf(session)} is paused: what changed in ${otherSide(session)} since then is not in the package.`,
        )
    if (active.length === 0) return
    const standing = standingStill((await engine.container(container.Id))?.State)
    if (standing !== undefined) {
      for (const session of active)
        warn(`${nameOf(container)} ${standing}, so the sync ${titleOf(session)} could not bring it up to date.`)
      return
    }
    options.progress({stage: STAGE, state: 'running'})
    const flushed = (await settleAll(active.map((session) => this.#flush(session, mutagen, options)))).flat()
    refuseUnclean(container, flushed)
    const now = new Date().toISOString()
    await this.#pause(active, options.signal)
    // Of one that is paused, or that somebody ended meanwhile, nobody knows.
    if (flushed.length === this.sessions.length) this.#synced = now
    options.progress({stage: STAGE, state: 'done', note: flushed.map(noteOf).join(', ')})
  }

  /** Has those go on that `settle` paused. What does not is said, and is no error. */
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
        this.options.warn(
          `The sync ${titleOf(session)} is still paused. It goes on with: ${commandFor(session, 'resume')}`,
        )
      }),
    ]).then(() => undefined)
    await this.#resuming
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resume()
  }

  /** @returns the state that the session has then; none where somebody ended it meanwhile */
  async #flush(session: SyncSession, mutagen: Mutagen, options: SettleOptions): Promise<SyncSession[]> {
    const {failure, isStuck, session: state} = await flushSession({...options, mutagen, session, stage: STAGE})
    if (isStuck)
      throw notBroughtUpToDate(session, `has not got on for ${formatDuration(options.patience ?? FLUSH_PATIENCE)}`)
    if (state === undefined) return []
    if (state.isPaused) throw notBroughtUpToDate(session, 'was paused by somebody else meanwhile')
    if (failure !== undefined && troublesOf(state).length === 0) throw failure
    return [state]
  }

  async #pause(active: readonly SyncSession[], signal: AbortSignal): Promise<void> {
    const {mutagen} = this
    if (mutagen === undefined) return
    await settleAll(
      active.filter(isOwn).map(async (session) => {
        signal.throwIfAborted()
        // Before it is: whether an attempt that was cut off did it, nobody knows.
        this.#paused.set(session.id, session)
        await mutagen.pause(session.id, signal)
      }),
    )
    const states = await mutagen.list(signal)
    const stillAtWork = active.flatMap(({id}) => states.find((state) => state.id === id) ?? [])
    refuseUnclean(this.options.container, stillAtWork)
  }
}

const STAGE = 'Waiting for the sync'

function placeOf({container, engine, environment}: FindSyncsOptions): ContainerPlace {
  return {id: container.Id, name: container.Name, endpoint: engine.endpoint, environment}
}

/** Why no sync can get at a container; undefined where one can. */
function standingStill(state: ContainerState | undefined): string | undefined {
  if (state?.Running !== true) return 'does not run'
  return state.Paused ? 'is paused' : undefined
}

/** @throws RefusedError `sync-unclean` */
function refuseUnclean(container: ContainerDetails, states: readonly SyncSession[]): void {
  const unclean = states
    .map((session) => ({session, troubles: troublesOf(session)}))
    .filter(({troubles}) => troubles.length > 0)
  const [first] = unclean
  if (first === undefined) return
  const lines = unclean.flatMap(({session, troubles}) => [
    `The sync ${titleOf(session)} is not clean, so ${nameOf(container)} does not hold what ${otherSide(session)} holds:`,
    ...troubles.slice(0, MOST_LISTED).map(troubleText),
    ...(troubles.length > MOST_LISTED ? [`  and ${troubles.length - MOST_LISTED} more`] : []),
  ])
  throw new RefusedError(lines.join('\n'), {
    code: 'sync-unclean',
    hint: hintFor(first.session),
    data: {
      sessions: unclean.map(({session, troubles}) => ({session: session.id, name: session.name ?? null, troubles})),
    },
  })
}

const MOST_LISTED = 30

function troubleText({detail, kind, path, remedy}: SyncTrouble): string {
  return `  ${kind}${path === '' ? '' : ` ${printable(path)}`}: ${detail}. ${remedy}`
}

function notBroughtUpToDate(session: SyncSession, what: string): RefusedError {
  return new RefusedError(`The sync ${titleOf(session)} ${what}.`, {
    code: 'sync-unclean',
    hint: hintFor(session),
    data: {sessions: [{session: session.id, name: session.name ?? null, troubles: []}]},
  })
}

function hintFor(session: SyncSession): string {
  const look = isOwn(session) ? commandFor(session, 'status') : `${commandFor(session, 'list')} --long`
  return `${look} says more. To package the container as it is: ${commandFor(session, 'pause')}`
}

function noteOf(session: SyncSession): string {
  return isOwn(session) ? titleOf(session) : `${titleOf(session)} (not keg's: it goes on)`
}

function titleOf({id, name}: SyncSession): string {
  return printable(name ?? id)
}

function otherSide({alpha, beta}: SyncSession): string {
  return printable(alpha.protocol === 'docker' ? beta.path : alpha.path)
}

function nameOf(container: ContainerDetails): string {
  return printable(container.Name.replace(/^\//, ''))
}
