import {setTimeout as sleep} from 'node:timers/promises'
import type {Engine} from '../../engine/engine.js'
import {EngineError} from '../../engine/engine-error.js'
import type {ContainerDetails} from '../../engine/types.js'
import {ownerText, readOwner, processOwnerState} from '../../lock/process-owner.js'
import {helperName, neverStarted} from '../../container/helper/helper-container.js'
import {shownName} from '../../container/container-name.js'
import type {EngineWork} from '../../engine/engine-work.js'
import {helperLabels, LOCK, LOCK_PAUSES, LOCK_SESSIONS, OWNER} from '../../label/temporary-labels.js'

/** Options for taking a lock. */
export interface ContainerLockOptions {
  readonly container: ContainerDetails
  /** An image for a container that is never started. */
  readonly image: string
  /** Returns the identifiers of the syncs into the container that will be paused too; called for each attempt. */
  readonly sessions: () => Promise<readonly string[]>
}

/**
 * The lock to pause a container, which one keg process at a time can hold. It is a container in the engine itself, never started,
 * whose name says what it locks: names are unique in an engine, so it works for all users, on any machine. Its labels name its
 * owner, and say that the container and which syncs into it will be paused, so that the next keg knows if this one is killed.
 * Removed when disposed of.
 */
export class ContainerLock implements AsyncDisposable {
  private constructor(
    private readonly engine: Engine,
    private readonly id: string,
    private readonly run: string,
  ) {}

  /** Takes the lock, and waits for the keg process that has it. A lock with a dead owner is renamed, and `keg doctor` finds it. */
  static async take(work: EngineWork, options: ContainerLockOptions): Promise<ContainerLock> {
    const {engine, run} = work
    let awaitedLock: string | undefined
    for (;;) {
      work.signal.throwIfAborted()
      // During the wait, others pause and resume syncs: only the last moment counts.
      const isStillHeld =
        awaitedLock !== undefined && (await engine.container(lockName(options.container)))?.Id === awaitedLock
      const id = isStillHeld ? undefined : await create(work, options)
      if (id !== undefined) return new ContainerLock(engine, id, run)
      const holder = await engine.container(lockName(options.container))
      if (holder === undefined) continue
      const isHeld = !(await renameDeadLock(work, holder, options))
      if (!isHeld) continue
      if (holder.Id !== awaitedLock) work.notice(waitingText(holder, options.container))
      awaitedLock = holder.Id
      await sleep(POLL_MILLISECONDS, undefined, {signal: work.signal}).catch(() => undefined)
    }
  }

  /** Releases the container for others. The renamed lock still shows who owns the resources of this run, until it is over. */
  async release(): Promise<void> {
    try {
      await this.engine.renameContainer(this.id, recordName(this.run))
    } catch (error) {
      if (!(error instanceof EngineError)) throw error
      // A run that packages several containers needs only one of them for that.
      if (error.status === 409) await this.engine.removeContainer(this.id, {force: true})
      // `docker container prune` removes whatever is not running.
      else if (error.status !== 404) throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.removeContainer(this.id, {force: true})
  }
}

const POLL_MILLISECONDS = 300

/** Uses the short id: the label has the full one, and two containers with the same short id only wait for each other. */
function lockName(container: ContainerDetails): string {
  return helperName(`lock-${container.Id.slice(0, 12)}`)
}

/** @param id of a run, or of the lock itself */
function recordName(id: string): string {
  return helperName(`run-${id}`)
}

/** @returns the id of the lock, undefined when somebody else has it. */
async function create(
  {engine, run}: Pick<EngineWork, 'engine' | 'run'>,
  {container, image, sessions}: ContainerLockOptions,
): Promise<string | undefined> {
  // Read again: it may have been paused or stopped during a wait or a question.
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

/** Frees the name of a lock whose owner is dead. Its labels keep what it knows (a paused container). */
async function renameDeadLock(
  {engine, notice}: Pick<EngineWork, 'engine' | 'notice'>,
  holder: ContainerDetails,
  {container}: ContainerLockOptions,
): Promise<boolean> {
  const labels = holder.Config.Labels ?? {}
  const owner = readOwner(labels[OWNER])
  if (owner !== undefined && processOwnerState(owner) !== 'dead') return false
  const left = owner === undefined ? 'a keg that no longer runs' : `a keg that no longer runs (${ownerText(owner)})`
  notice(`Removed the lock on ${shownName(container)}, which was left by ${left}.`)
  try {
    // By its id: if the name is somebody else's by now, nobody loses a lock they hold. One run may have left several.
    await engine.renameContainer(holder.Id, recordName(holder.Id.slice(0, 12)))
  } catch (error) {
    // Somebody else was faster.
    if (!(error instanceof EngineError) || (error.status !== 404 && error.status !== 409)) throw error
  }
  return true
}

function waitingText(holder: ContainerDetails, container: ContainerDetails): string {
  const owner = readOwner(holder.Config.Labels?.[OWNER])
  const who = owner === undefined ? 'somebody' : ownerText(owner)
  return `Waiting for another keg that reads ${shownName(container)} (${who}) …`
}
