import {setTimeout as sleep} from 'node:timers/promises'
import type {Engine} from '../../engine/engine.js'
import {EngineError} from '../../engine/engine-error.js'
import type {ContainerDetails} from '../../engine/types.js'
import {ownerText, readOwner, stateOf} from '../../maintenance/owner.js'
import {helperLabels, LOCK, LOCK_PAUSES, LOCK_SESSIONS, OWNER, RUN} from '../../maintenance/temporary-labels.js'
import {printable} from '../../terminal/text.js'
import {neverStarted} from './helper-container.js'

/** What a lock is taken with. */
export interface ContainerLockOptions {
  readonly engine: Engine
  readonly container: ContainerDetails
  /** An image for a container that is never started. */
  readonly image: string
  /** Id of this run of keg. */
  readonly run: string
  /** Tells the identifiers of the syncs into the container that are going to be paused as well; asked for each try. */
  readonly sessions: () => Promise<readonly string[]>
  /** Takes a line for the person at the terminal. */
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/**
 * The right to hold a container still, which only one keg has at a time. It is a container in the engine itself, never
 * started, whose name tells what it locks: an engine has every name once, so that the lock holds for all who work with it,
 * on whatever machine. Its labels name its owner and say that the container and which syncs into it are going to be paused, so
 * that after a keg that was killed the next one knows. Removed when disposed of.
 */
export class ContainerLock implements AsyncDisposable {
  private constructor(
    private readonly engine: Engine,
    private readonly id: string,
    private readonly run: string,
  ) {}

  /** Takes the lock, waiting for the keg that has it; one whose owner is dead is put aside, where `keg doctor` finds it. */
  static async take(options: ContainerLockOptions): Promise<ContainerLock> {
    const {engine, run} = options
    let awaited: string | undefined
    for (;;) {
      options.signal.throwIfAborted()
      // While one waits, others pause syncs and let them go on: only the last moment counts.
      const isHeldStill = awaited !== undefined && (await engine.container(lockName(options.container)))?.Id === awaited
      const id = isHeldStill ? undefined : await create(options)
      if (id !== undefined) return new ContainerLock(engine, id, run)
      const holder = await engine.container(lockName(options.container))
      if (holder === undefined) continue
      const isHeld = !(await putAside(holder, options))
      if (!isHeld) continue
      if (holder.Id !== awaited) options.say(waitingText(holder, options.container))
      awaited = holder.Id
      await sleep(POLL_MILLISECONDS, undefined, {signal: options.signal}).catch(() => undefined)
    }
  }

  /** Lets others at the container; what is left of the lock tells whose the things of this run are, until that is over. */
  async release(): Promise<void> {
    try {
      await this.engine.renameContainer(this.id, recordName(this.run))
    } catch (error) {
      // `docker container prune` takes away whatever does not run.
      if (!(error instanceof EngineError) || error.status !== 404) throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.removeContainer(this.id, {force: true})
  }
}

const POLL_MILLISECONDS = 300

function lockName(container: ContainerDetails): string {
  return `keg-lock-${container.Id}`
}

function recordName(run: string): string {
  return `keg-run-${run}`
}

/** @returns the id of the lock, undefined when somebody has it. */
async function create({container, engine, image, run, sessions}: ContainerLockOptions): Promise<string | undefined> {
  // Asked anew: while one waited, or answered questions, it may have been paused or stopped.
  const {Paused, Running} = (await engine.container(container.Id))?.State ?? container.State
  const paused = await sessions()
  const labels = {
    ...helperLabels(run),
    [LOCK]: container.Id,
    [LOCK_PAUSES]: String(Running && !Paused),
    ...(paused.length > 0 && {[LOCK_SESSIONS]: paused.join(' ')}),
  }
  try {
    return (await engine.createContainer(neverStarted({image, labels}), lockName(container))).id
  } catch (error) {
    if (error instanceof EngineError && error.status === 409) return undefined
    throw error
  }
}

/** Frees the name of a lock whose owner is dead; what it knows (a paused container) stays in its labels. */
async function putAside(holder: ContainerDetails, {container, engine, say}: ContainerLockOptions): Promise<boolean> {
  const labels = holder.Config.Labels ?? {}
  const owner = readOwner(labels[OWNER])
  if (owner !== undefined && stateOf(owner) !== 'dead') return false
  const left = owner === undefined ? 'a keg that is gone' : `a keg that is gone (${ownerText(owner)})`
  say(`The lock on ${nameOf(container)} was left by ${left}: it is taken over.`)
  const run = labels[RUN] ?? ''
  try {
    // By its id: were it another's by now, nobody would lose a lock that is held.
    await engine.renameContainer(holder.Id, /^[\w-]+$/.test(run) ? recordName(run) : `keg-run-${holder.Id}`)
  } catch (error) {
    // Somebody else was faster.
    if (!(error instanceof EngineError) || (error.status !== 404 && error.status !== 409)) throw error
  }
  return true
}

function waitingText(holder: ContainerDetails, container: ContainerDetails): string {
  const owner = readOwner(holder.Config.Labels?.[OWNER])
  const who = owner === undefined ? 'somebody' : ownerText(owner)
  return `Waiting for another keg that reads ${nameOf(container)} (${who}) …`
}

function nameOf(container: ContainerDetails): string {
  return printable(container.Name.replace(/^\//, ''))
}
