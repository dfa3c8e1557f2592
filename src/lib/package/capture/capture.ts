import {shownName} from '../../container/container-name.js'
import type {Engine} from '../../engine/engine.js'
import {EngineError} from '../../engine/engine-error.js'
import type {ContainerDetails, ContainerState} from '../../engine/types.js'
import {FailedError} from '../../error/keg-error.js'
import {helperImageLabels} from '../../label/temporary-labels.js'
import {ContainerChanges} from '../../container/container-changes.js'
import {listChanges} from './list-changes.js'
import type {Moment} from './moment.js'
import type {MountReader} from './mount-reader.js'
import {pathTooLongOr} from './path-too-long.js'
import {orGone, pauseContainer, readContainerState, unpauseContainer} from './pause-container.js'
import {streamedMount, type Recording} from './mount-stream.js'
import {recordMount} from './record-mount.js'
import {emptyAgentFiles, type AgentFile} from './agent-files.js'
import type {Writers} from '../content/writers.js'
import {allSettledOrThrow} from '../../async/all-settled.js'
import {Spool} from '../../image/spool.js'
import {MOUNT_PLACE} from '../mount/mount-place.js'
import {recordWritableLayer, type WritableLayerRecord} from '../verify/writable-layer-record.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** A mount to be read, and its reader. */
export interface ReadableMount {
  readonly destination: string
  readonly reader: MountReader
}

/** What a capture is made from. */
export interface CaptureOptions {
  readonly container: ContainerDetails
  readonly mounts: readonly ReadableMount[]
  /** Other containers that may write to the mounts, some of which are paused first. */
  readonly writers: Pick<Writers, 'look' | 'whilePaused'>
  /** Called once the container is paused, before anything is read: checks that nothing has changed since the plan. */
  readonly onPaused: () => Promise<void>
  /** Whether to record the container's own files too, beside the commit, so that they can be verified. */
  readonly recordsWritableLayer: boolean
  /** Agent files in it, to be emptied before anything is read. */
  readonly agentFiles: readonly AgentFile[]
  /** Bytes the mounts are expected to hold, for progress. */
  readonly expectedBytes: number
  /**
   * Called with the capture while the container is still paused. Then its mounts are not recorded, but read from the engine each time.
   * Undefined if the container is unpaused as soon as it is recorded.
   */
  readonly whilePaused: ((capture: Capture) => Promise<void>) | undefined
  /** The moment that it has in common with other containers; undefined if it is read alone. */
  readonly moment?: Moment | undefined
}

/** A capture, and the pause that it took. */
export interface TakenCapture {
  readonly capture: Capture
  /** How long keg paused the container; 0 when it was not running, or paused already. */
  readonly pausedMilliseconds: number
}

/**
 * A container at one moment: its writable layer as an untagged image, and its mounts as recordings. Disposing of it removes the
 * image and the recordings.
 */
export class Capture implements AsyncDisposable {
  private constructor(
    private readonly engine: Engine,
    /** Id of the temporary image of the container's writable layer. */
    readonly image: string,
    /** The content of each mount, as the engine's archive, in the order of the mounts. */
    readonly recordings: readonly Recording[],
    /** What the container changed relative to its image. */
    readonly changes: ContainerChanges,
    /** The container's own files, if they were to be recorded. */
    readonly writableLayerRecord: WritableLayerRecord | undefined,
    /** Paths that could not be emptied. */
    readonly agentFiles: readonly string[],
  ) {}

  /**
   * Pauses the containers that write to its mounts, if wanted, and then the container; empties agent files in it, commits its
   * writable layer, and records its mounts in parallel. Always unpauses all of them. A container that is not running, or was paused
   * by its user, is left as it is.
   * @throws FailedError `pause-failed`, `commit-failed`, `unpause-failed`, `container-gone`, `container-moved`, and what
   * reading mounts throws.
   */
  static async take(work: EngineWork, options: CaptureOptions): Promise<TakenCapture> {
    const spools = options.whilePaused ? [] : await allSettledOrThrow(options.mounts.map(() => Spool.create()))
    const recordings = options.whilePaused ? options.mounts.map((mount) => streamed(work, mount)) : spools
    const {moment} = options
    const taken: Taken = {image: undefined, changes: undefined, writableLayerRecord: undefined, recordings}
    try {
      work.progress({stage: STAGE, state: 'running'})
      const read = async (): Promise<Capture> => {
        await moment?.paused()
        await Promise.all([options.writers.look(), options.onPaused()])
        const agentFiles = await emptyAgentFiles(work.engine, options.container, options.agentFiles)
        await readAll(work, options, taken, spools)
        const {changes, image, writableLayerRecord} = taken
        if (image === undefined || changes === undefined) throw new Error('the commit has no id')
        const capture = new Capture(work.engine, image, recordings, changes, writableLayerRecord, agentFiles)
        if (options.whilePaused !== undefined) {
          work.progress({stage: STAGE, state: 'done'})
          await options.whilePaused(capture)
        }
        await moment?.read()
        await options.writers.look()
        return capture
      }
      await moment?.ready()
      const {pausedMilliseconds, value} = await options.writers.whilePaused(() => whilePaused(work, options, read))
      const done = recordings.reduce((sum, {size}) => sum + size, 0)
      const note = pausedMilliseconds > 0 ? 'paused for it' : undefined
      if (options.whilePaused === undefined)
        work.progress({stage: STAGE, state: 'done', done, ...(note !== undefined && {note})})
      work.signal.throwIfAborted()
      return {capture: value, pausedMilliseconds}
    } catch (error) {
      // The first failure counts. Whatever is left has labels.
      await discard(work.engine, taken).catch(() => undefined)
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await discard(this.engine, this)
  }
}

const STAGE = 'Reading the container'

/** What a capture has collected so far. */
interface Taken {
  image: string | undefined
  changes: ContainerChanges | undefined
  writableLayerRecord: WritableLayerRecord | undefined
  readonly recordings: readonly Recording[]
}

/** A mount that is read again and again while the container is paused. */
function streamed({signal}: Pick<EngineWork, 'signal'>, {destination, reader}: ReadableMount): Recording {
  return streamedMount({destination, read: () => reader.archive(MOUNT_PLACE, signal)})
}

async function discard(
  engine: Engine,
  {image, writableLayerRecord, recordings}: Pick<Taken, 'image' | 'writableLayerRecord' | 'recordings'>,
): Promise<void> {
  for (const recording of [...recordings, writableLayerRecord]) await recording?.[Symbol.asyncDispose]()
  if (image !== undefined) await engine.removeImage(image)
}

async function whilePaused<T>(
  work: Pick<EngineWork, 'engine' | 'signal'>,
  options: CaptureOptions,
  read: () => Promise<T>,
): Promise<{value: T; pausedMilliseconds: number}> {
  const {engine, signal} = work
  const {container} = options
  // A lot may have happened since it was found: sizes were measured, questions answered.
  const before = await readContainerState(engine, container)
  if (!before.Running || before.Paused) {
    const value = await orGone(container, read)
    await checkUnchangedState(engine, container, before)
    return {value, pausedMilliseconds: 0}
  }
  signal.throwIfAborted()
  const startedAt = performance.now()
  let isOurs = true
  let value: T
  try {
    isOurs = (await pauseContainer(engine, container)) === 'paused'
    // It just ended, or somebody else paused it: read it in that state.
    if (!isOurs) return await whilePaused(work, options, read)
    value = await orGone(container, read)
    await checkUnchangedState(engine, container, {...before, Paused: true})
  } finally {
    // Even if pausing failed: the answer may have been lost although the container was paused.
    if (isOurs) await unpauseContainer(engine, container)
  }
  return {value, pausedMilliseconds: Math.round(performance.now() - startedAt)}
}

/** Others can start, stop or unpause a container while keg reads it: then the capture is not of one moment. */
async function checkUnchangedState(engine: Engine, container: ContainerDetails, before: ContainerState): Promise<void> {
  const now = await readContainerState(engine, container)
  if (now.Running === before.Running && now.Paused === before.Paused && now.StartedAt === before.StartedAt) return
  throw new FailedError(`${shownName(container)} was started, stopped or unpaused while it was read.`, {
    code: 'container-moved',
    hint: 'Package it again.',
  })
}

/**
 * Commits and reads in parallel. Ends only when all have ended, so that nothing runs on after the pause.
 * @param spools where mounts are recorded; empty if they are not
 */
async function readAll(
  work: EngineWork,
  options: CaptureOptions,
  taken: Taken,
  spools: readonly Spool[],
): Promise<void> {
  const {engine, run, signal} = work
  const {container, mounts, recordsWritableLayer} = options
  const stop = new AbortController()
  const combined = AbortSignal.any([signal, stop.signal])
  const bytes = mounts.map(() => 0)
  const report = (index: number, done: number): void => {
    bytes[index] = done
    const sum = bytes.reduce((total, each) => total + each, 0)
    work.progress({stage: STAGE, state: 'running', done: sum, total: options.expectedBytes})
  }
  const committing = commit(engine, container, run).then((id) => (taken.image = id))
  const reading = spools.map(async (spool, index) => {
    const mount = mounts[index]
    if (mount === undefined) throw new Error('a place for a recording, and no mount')
    const {destination, reader} = mount
    const read = (): AsyncIterable<Buffer> => reader.archive(MOUNT_PLACE, combined)
    await recordMount({destination, read, spool, onBytes: (done) => report(index, done)})
  })
  const listing = listChanges(engine, container.Id, combined).then(
    (list) => (taken.changes = new ContainerChanges(list)),
  )
  const record = async (): Promise<void> => {
    const stopping = {engine, signal: combined}
    taken.writableLayerRecord = await recordWritableLayer(stopping, {container: container.Id, listing, committing})
  }
  const recording = recordsWritableLayer ? [record()] : []
  const works: Promise<unknown>[] = [committing, listing, ...reading, ...recording]
  // The first failure stops the others; its reason counts.
  works.forEach((work) => void work.catch((error: unknown) => stop.abort(error)))
  await Promise.allSettled(works)
  combined.throwIfAborted()
}

async function commit(engine: Engine, container: ContainerDetails, run: string): Promise<string> {
  try {
    return await engine.commit(container.Id, {Labels: helperImageLabels(run)})
  } catch (cause) {
    const reason = pathTooLongOr(cause)
    if (!(reason instanceof EngineError) || reason.isFull) throw reason
    throw new FailedError(`The engine cannot commit ${shownName(container)}: ${reason.response}`, {
      code: 'commit-failed',
      hint: 'docker commit fails in the same way. See the log of the engine.',
      cause,
    })
  }
}
