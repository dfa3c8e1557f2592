import {setTimeout as sleep} from 'node:timers/promises'
import type {ContainerDetails} from '../../../engine/types.js'
import {isIdle} from '../../exec/is-idle.js'
import type {StartContext} from '../model.js'
import {containerEnded} from './container-ended.js'
import {shownName} from '../../../container/container-name.js'

const POLL_MILLISECONDS = 100
/** How long a program takes that ends because it cannot start. */
const SETTLED_MILLISECONDS = 1000
/** One that has ended before has to run longer. */
const SETTLED_AGAIN_MILLISECONDS = 3000
/** Some programs end until their database answers; wait no longer than this for them. */
const MAX_RESTARTING_MILLISECONDS = 20_000

/**
 * Waits until a container that was just started seems to keep running: it idles, is healthy, or has run for a second; longer
 * if its restart policy restarted it. The engine reports it as running all the time.
 * @returns the container's state then
 * @throws FailedError `container-ended` with its last lines of output; the reason of the signal
 */
export async function untilSettled(
  context: StartContext,
  container: Pick<ContainerDetails, 'Id' | 'Name'>,
): Promise<ContainerDetails> {
  const {engine, progress, signal, waitMilliseconds} = context
  const patience = Math.max(SETTLED_MILLISECONDS, Math.min(waitMilliseconds, MAX_RESTARTING_MILLISECONDS))
  const deadline = Date.now() + patience
  const runs = new ObservedRuns()
  let stage: string | undefined
  /** The state between two runs, which alone has the exit code. */
  let between: ContainerDetails | undefined
  for (;;) {
    signal.throwIfAborted()
    const details = await engine.container(container.Id)
    if (details === undefined || !(details.State.Running || details.State.Restarting))
      throw await containerEnded(context, container, details)
    runs.observe(details, Date.now())
    if (details.State.Restarting) between = details
    const isSettled = runs.isSettled || details.State.Health?.Status === 'healthy'
    if (!details.State.Restarting && (isSettled || (await isIdle(engine, details, {isPatient: false})))) {
      if (stage !== undefined) progress({stage, state: 'done'})
      return details
    }
    if (runs.restarts > 0 || details.State.Restarting) {
      if (Date.now() >= deadline)
        throw await containerEnded(context, container, between ?? details, Math.max(runs.restarts, 1))
      stage ??= `${shownName(container)} has ended, and is started again`
      progress({stage, state: 'running'})
    }
    await sleep(POLL_MILLISECONDS, undefined, {signal})
  }
}

/** What was observed of a container that its restart policy may keep restarting. */
export class ObservedRuns {
  #restartCount = 0
  /** The count at first: it may have been restarted days ago. */
  #countBefore: number | undefined
  #startedAt: string | undefined
  /** When this run was first seen, in milliseconds since 1970: the engine's clock may differ. */
  #seenAt = 0
  /** The age of this run, in milliseconds. */
  #age = 0
  /** The longest of the runs that were seen to end, in milliseconds. */
  #longest = 0

  /** @param now milliseconds since 1970 */
  observe({RestartCount = 0, State}: Pick<ContainerDetails, 'RestartCount' | 'State'>, now: number): void {
    const {FinishedAt = '', StartedAt = ''} = State
    this.#countBefore ??= RestartCount
    this.#restartCount = RestartCount
    if (StartedAt !== this.#startedAt) {
      const length = Date.parse(FinishedAt) - Date.parse(this.#startedAt ?? '')
      if (length > 0) this.#longest = Math.max(this.#longest, length)
      this.#startedAt = StartedAt
      this.#seenAt = now
    }
    this.#age = Math.max(now - this.#seenAt, now - Date.parse(StartedAt) || 0)
  }

  /** How often it was restarted while observed. */
  get restarts(): number {
    const isYoung = this.#age < SETTLED_AGAIN_MILLISECONDS
    return isYoung ? this.#restartCount : this.#restartCount - (this.#countBefore ?? 0)
  }

  /** Whether it has run long enough. */
  get isSettled(): boolean {
    const isAgain = this.restarts > 0
    return this.#age >= (isAgain ? Math.max(SETTLED_AGAIN_MILLISECONDS, 2 * this.#longest) : SETTLED_MILLISECONDS)
  }
}
