import type {Engine} from '../../engine/engine.js'
import {EngineError} from '../../engine/engine-error.js'
import type {ContainerDetails, ContainerState} from '../../engine/types.js'
import {FailedError, MissingError, type KegError} from '../../error/keg-error.js'
import type {ProgressListener} from '../../terminal/progress.js'
import {printable} from '../../terminal/text.js'
import {helperImageLabels} from '../../maintenance/temporary-labels.js'
import {mountUnreadable, type HelperContainer} from './helper-container.js'
import {emptyTraces, type SyncTrace} from './sync-traces.js'
import {MOUNT_PLACE} from '../mount/mount-selection.js'
import {settleAll} from '../settle.js'
import {Spool} from '../spool.js'
import {recordOwnFiles, type OwnRecord} from '../verify/own-record.js'

/** A mount to be read, and the helper container it is read through. */
export interface ReadableMount {
  readonly destination: string
  readonly reader: HelperContainer
}

/** What a capture is made from. */
export interface CaptureOptions {
  readonly engine: Engine
  readonly container: ContainerDetails
  readonly mounts: readonly ReadableMount[]
  /** Id of this run of keg. */
  readonly run: string
  /** Whether the container's own files are recorded too, beside the commit, so that it can be checked. */
  readonly recordsOwnFiles: boolean
  /** What syncs made for themselves in it, to be emptied before anything is read. */
  readonly traces: readonly SyncTrace[]
  /** Bytes the mounts are expected to hold, for progress. */
  readonly expectedBytes: number
  readonly progress: ProgressListener
  readonly signal: AbortSignal
}

/**
 * A container as it was at one moment: its own layer as an untagged image, and its mounts as recordings. The image and the
 * recordings are gone when it is disposed of.
 */
export class Capture implements AsyncDisposable {
  private constructor(
    private readonly engine: Engine,
    /** Id of the temporary image of the container's own layer. */
    readonly image: string,
    /** What each mount held, as the engine's archive, in the order of the mounts. */
    readonly recordings: readonly Spool[],
    /** The container's own files, where they were to be recorded. */
    readonly ownRecord: OwnRecord | undefined,
    /** Paths of what could not be emptied. */
    readonly unemptied: readonly string[],
    /** How long keg held the container still; 0 when it was not running, or paused already. */
    readonly pausedMilliseconds: number,
  ) {}

  /**
   * Pauses the container, empties what syncs made for themselves in it, commits its own layer and reads its mounts side by side,
   * and lets it go on, whatever happens.
   * A container that does not run or was paused by its user is left as it is.
   * @throws FailedError `pause-failed`, `commit-failed`, `unpause-failed`, `container-gone`, `container-moved`, and what
   * reading mounts throws.
   */
  static async take(options: CaptureOptions): Promise<Capture> {
    const recordings = await settleAll(options.mounts.map(() => Spool.create()))
    const taken: Taken = {image: undefined, ownRecord: undefined, recordings}
    let unemptied: readonly string[] = []
    try {
      options.progress({stage: STAGE, state: 'running'})
      const {pausedMilliseconds} = await whilePaused(options, async () => {
        unemptied = await emptyTraces(options.engine, options.container, options.traces)
        await readAll(options, taken)
      })
      const done = recordings.reduce((sum, {size}) => sum + size, 0)
      const note = pausedMilliseconds > 0 ? 'standing still for it' : undefined
      options.progress({stage: STAGE, state: 'done', done, ...(note !== undefined && {note})})
      options.signal.throwIfAborted()
      if (taken.image === undefined) throw new Error('the commit has no id')
      return new Capture(options.engine, taken.image, recordings, taken.ownRecord, unemptied, pausedMilliseconds)
    } catch (error) {
      // What failed first is what counts; what stays bears labels.
      await discard(options.engine, taken).catch(() => undefined)
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await discard(this.engine, this)
  }
}

const STAGE = 'Reading the container'

/** What a capture has so far. */
interface Taken {
  image: string | undefined
  ownRecord: OwnRecord | undefined
  readonly recordings: readonly Spool[]
}

async function discard(engine: Engine, {image, ownRecord, recordings}: Readonly<Taken>): Promise<void> {
  for (const recording of [...recordings, ownRecord]) await recording?.[Symbol.asyncDispose]()
  if (image !== undefined) await engine.removeImage(image)
}

async function whilePaused<T>(
  options: CaptureOptions,
  read: () => Promise<T>,
): Promise<{value: T; pausedMilliseconds: number}> {
  const {container, engine, signal} = options
  // Much may have happened since it was found: sizes were measured, questions answered.
  const before = await stateOf(engine, container)
  if (!before.Running || before.Paused) {
    const value = await read()
    await checkStoodStill(engine, container, before)
    return {value, pausedMilliseconds: 0}
  }
  signal.throwIfAborted()
  const startedAt = performance.now()
  let value: T
  try {
    if (!(await pause(engine, container))) return await whilePaused(options, read)
    value = await read()
    await checkStoodStill(engine, container, {...before, Paused: true})
  } finally {
    // Also when pausing failed: the answer may have been lost, and the container paused all the same.
    await unpause(engine, container)
  }
  return {value, pausedMilliseconds: Math.round(performance.now() - startedAt)}
}

/** @throws FailedError `container-gone` */
async function stateOf(engine: Engine, container: ContainerDetails): Promise<ContainerState> {
  const state = (await engine.container(container.Id))?.State
  if (state === undefined) throw containerGone(container)
  return state
}

/** Others can start, stop and unpause a container that keg reads: what was read is then of no one moment. */
async function checkStoodStill(engine: Engine, container: ContainerDetails, before: ContainerState): Promise<void> {
  const now = await stateOf(engine, container)
  if (now.Running === before.Running && now.Paused === before.Paused && now.StartedAt === before.StartedAt) return
  throw new FailedError(`${nameOf(container)} was started, stopped or unpaused by somebody else while it was read.`, {
    code: 'container-moved',
    hint: 'Package it again.',
  })
}

/** @returns false where it has ended just now, and so stands still by itself. */
async function pause(engine: Engine, container: ContainerDetails): Promise<boolean> {
  try {
    await engine.pauseContainer(container.Id)
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause
    if (!(await stateOf(engine, container)).Running) return false
    throw pauseFailed(container, cause)
  }
  // An engine may say that it paused and have failed to.
  if ((await engine.container(container.Id))?.State.Paused !== true) throw pauseFailed(container)
  return true
}

function containerGone(container: ContainerDetails): FailedError {
  return new FailedError(`The container ${nameOf(container)} was removed meanwhile.`, {
    code: 'container-gone',
    hint: 'Start it again, and package it then.',
  })
}

function pauseFailed(container: ContainerDetails, cause?: EngineError): FailedError {
  const name = nameOf(container)
  return new FailedError(`${name} cannot be paused${cause === undefined ? '' : `: ${cause.said}`}.`, {
    code: 'pause-failed',
    hint: `Stop it first (docker stop ${name}) and package it then: a stopped container stands still by itself.`,
    cause,
  })
}

const UNPAUSE_TRIES = 5

async function unpause(engine: Engine, container: ContainerDetails): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await engine.unpauseContainer(container.Id)
      return
    } catch (cause) {
      // Somebody else unpaused, stopped or removed it: nothing is left to do.
      if ((await engine.container(container.Id).catch(() => container))?.State.Paused === false) return
      if (cause instanceof EngineError && cause.status === 404) return
      if (tries === UNPAUSE_TRIES) throw stillPaused(container, cause)
      await new Promise((resolve) => setTimeout(resolve, 200 * tries))
    }
  }
}

function stillPaused(container: ContainerDetails, cause: unknown): KegError {
  const name = nameOf(container)
  if (cause instanceof MissingError)
    return new MissingError(`${cause.message.replace(/\.$/, '')} while ${name} stood still.`, {
      code: cause.code,
      hint: `Start it again. ${name} goes on, and what keg had made is taken away, by: keg doctor --fix`,
      cause,
    })
  return new FailedError(`${name} is still paused: the engine does not unpause it.`, {
    code: 'unpause-failed',
    hint: `Unpause it with: docker unpause ${name}`,
    cause,
  })
}

/** Commits and reads side by side; ends only when all have ended, so that nothing goes on behind the pause. */
async function readAll(options: CaptureOptions, taken: Taken): Promise<void> {
  const {container, engine, mounts, recordsOwnFiles, run, signal} = options
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const bytes = mounts.map(() => 0)
  const report = (index: number, done: number): void => {
    bytes[index] = done
    const sum = bytes.reduce((total, each) => total + each, 0)
    options.progress({stage: STAGE, state: 'running', done: sum, total: options.expectedBytes})
  }
  const committing = commit(engine, container, run).then((id) => (taken.image = id))
  const reading = mounts.map(async ({destination, reader}, index) => {
    try {
      await taken.recordings[index]?.writeAll(reader.archive(MOUNT_PLACE, either), (done) => report(index, done))
    } catch (error) {
      throw mountUnreadable(destination, error)
    }
  })
  const recording = recordsOwnFiles
    ? [recordOwnFiles(engine, container.Id, committing, either).then((record) => (taken.ownRecord = record))]
    : []
  const works: Promise<unknown>[] = [committing, ...reading, ...recording]
  // The first that fails ends the others; its reason is what counts.
  works.forEach((work) => void work.catch((error: unknown) => stop.abort(error)))
  await Promise.allSettled(works)
  either.throwIfAborted()
}

async function commit(engine: Engine, container: ContainerDetails, run: string): Promise<string> {
  try {
    return await engine.commit(container.Id, {Labels: helperImageLabels(run)})
  } catch (cause) {
    if (!(cause instanceof EngineError) || cause.isFull) throw cause
    throw new FailedError(`The engine cannot commit ${nameOf(container)}: ${cause.said}`, {
      code: 'commit-failed',
      hint: 'docker commit by hand says the same; the log of the engine may say more.',
      cause,
    })
  }
}

function nameOf(container: ContainerDetails): string {
  return printable(container.Name.replace(/^\//, ''))
}
