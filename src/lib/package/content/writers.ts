import type {Prompt} from '../../terminal/prompt.js'
import type {ContainerDetails} from '../../engine/types.js'
import {FailedError} from '../../error/keg-error.js'
import {pauseContainer, unpauseContainer, type PausingEngine} from '../capture/pause-container.js'
import {allSettledOrThrow} from '../../async/all-settled.js'
import {SharerFinder, type Sharer, type SharersEngine} from './find-sharers.js'
import {isOwnContainer} from './own-container.js'
import {writerQuestion, writerWarning, type UnpausedReason} from './writer-text.js'
import {commandLine} from '../../terminal/command-line.js'
import type {Writer} from './model.js'
import {nameOf, shownName} from '../../container/container-name.js'
import type {Work} from '../../work/work.js'

/** What finding and pausing them needs. */
export type WritersWork = Pick<Work, 'signal'> & {readonly engine: PausingEngine & SharersEngine}

/** Options for finding writers. */
export interface WritersOptions {
  readonly container: ContainerDetails
  /** Destinations of the mounts that are read. */
  readonly destinations: readonly string[]
  /** Whether to pause them without asking. */
  readonly pause: boolean
  /** Ids of containers that are held still in another way while it is read; undefined for none. */
  readonly heldStill?: ReadonlySet<string> | undefined
}

/** The other containers that may write to a container's mounts while it is read: finds, pauses (if wanted) and unpauses them. */
export class Writers {
  /** The containers to pause: with the flag also those already paused, which may run again by then. */
  #toPause: readonly ContainerDetails[] = []
  #isWanted: boolean
  /** Those that were running while the container was read. */
  readonly #seen = new Map<string, Sharer>()
  /** Those that keg paused, and that were still paused at the end. */
  readonly #paused = new Map<string, Sharer>()

  private constructor(
    private readonly work: WritersWork,
    private readonly options: WritersOptions,
    private readonly find: () => Promise<readonly Sharer[]>,
    private readonly found: readonly Sharer[],
  ) {
    this.#isWanted = options.pause
  }

  static async find(work: WritersWork, options: WritersOptions): Promise<Writers> {
    const {container, destinations, heldStill} = options
    const finder = new SharerFinder(work.engine, container, destinations)
    const find = async (): Promise<readonly Sharer[]> =>
      (await finder.find()).filter(({id}) => heldStill?.has(id) !== true)
    return new Writers(work, options, find, await find())
  }

  /** As far as known before anything is read. */
  get planned(): Writer[] {
    return this.found.flatMap((sharer) =>
      sharer.isPaused ? [] : [asWriter(sharer, this.#isWanted && !isOwnContainer(sharer.id))],
    )
  }

  /**
   * Decides which to pause: all with the flag, otherwise those that the user agrees to. Without a terminal they keep running;
   * `--yes` does not count, because the user named none of them.
   * @returns those that will be paused, to be locked
   */
  async decide(prompt: Prompt): Promise<readonly ContainerDetails[]> {
    const {engine} = this.work
    const {container, pause} = this.options
    const sharers = this.found.filter(({id, isPaused}) => (pause || !isPaused) && !isOwnContainer(id))
    if (!pause && sharers.length > 0 && prompt.isInteractive) {
      const names = sharers.map(({name}) => name)
      const options = {flag: '--pause-writers', yesIsNoAnswer: true}
      this.#isWanted = await prompt.confirm(writerQuestion(names, shownName(container)), options)
    }
    if (!this.#isWanted) return []
    const details = await Promise.all(sharers.map(({id}) => engine.container(id)))
    this.#toPause = details.filter((each) => each !== undefined)
    return this.#toPause
  }

  /**
   * Runs a step while the chosen writers are paused, and always unpauses them. One that its user paused stays paused, and one
   * that has ended is left alone.
   * @throws FailedError `pause-failed`, `unpause-failed`
   */
  async whilePaused<T>(read: () => Promise<T>): Promise<T> {
    /** The start times of those that keg paused, or may have. */
    const paused = new Map<ContainerDetails, string | undefined>()
    try {
      await allSettledOrThrow(this.#toPause.map((container) => this.#pause(container, paused)))
      const value = await read()
      await Promise.all([...paused].map(([container, startedAt]) => this.#check(container, startedAt)))
      return value
    } finally {
      await allSettledOrThrow([...paused.keys()].map((container) => unpauseContainer(this.work.engine, container)))
    }
  }

  /** Checks which are running now. Call it while the container is paused, before and after reading it. */
  async look(): Promise<void> {
    for (const sharer of await this.find()) if (!sharer.isPaused) this.#seen.set(sharer.id, sharer)
  }

  /** Those that ran or were paused while the container was read. */
  get all(): Writer[] {
    const paused = [...this.#paused.values()].filter(({id}) => !this.#seen.has(id))
    return [...paused.map((sharer) => asWriter(sharer, true)), ...this.unpaused].sort((one, other) =>
      one.container < other.container ? -1 : 1,
    )
  }

  /** Those that may have written while the container was read. */
  get unpaused(): Writer[] {
    return [...this.#seen.values()].map((sharer) => asWriter(sharer, false))
  }

  /** Warnings about them. */
  get warnings(): string[] {
    return [...this.#seen.values()].map((sharer) => writerWarning(asWriter(sharer, false), this.#reason(sharer)))
  }

  #reason({id}: Sharer): UnpausedReason {
    if (!this.#isWanted) return 'not wanted'
    return isOwnContainer(id) ? 'own' : 'meanwhile'
  }

  async #pause(container: ContainerDetails, paused: Map<ContainerDetails, string | undefined>): Promise<void> {
    const {engine, signal} = this.work
    const state = (await engine.container(container.Id))?.State
    if (state?.Running !== true || state.Paused) return
    signal.throwIfAborted()
    // Recorded first: the answer may be lost although the container was paused.
    paused.set(container, state.StartedAt)
    const hint = `Stop it first (${commandLine`docker stop ${nameOf(container)}`}), or package without --pause-writers, with a warning.`
    const outcome = await pauseContainer(engine, container, hint).catch(endedWhereGone)
    if (outcome !== 'paused') paused.delete(container)
  }

  /** Others can unpause or stop what keg paused: from then on it may have written. */
  async #check({Id: id}: ContainerDetails, startedAt: string | undefined): Promise<void> {
    const sharer = this.found.find((each) => each.id === id)
    if (sharer === undefined) return
    const state = (await this.work.engine.container(id))?.State
    const isStillPaused = state?.Paused === true && state.StartedAt === startedAt
    if (isStillPaused) this.#paused.set(id, sharer)
    else this.#seen.set(id, sharer)
  }
}

function asWriter({mounts, name}: Sharer, paused: boolean): Writer {
  return {container: name, mounts, paused}
}

function endedWhereGone(error: unknown): 'ended' {
  if (error instanceof FailedError && error.code === 'container-gone') return 'ended'
  throw error
}
