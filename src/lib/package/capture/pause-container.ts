import {setTimeout as sleep} from 'node:timers/promises'
import type {Engine} from '../../engine/engine.js'
import {EngineError} from '../../engine/engine-error.js'
import type {ContainerDetails, ContainerState} from '../../engine/types.js'
import {FailedError, MissingError, type KegError} from '../../error/keg-error.js'
import {commandLine} from '../../terminal/command-line.js'
import {nameOf, shownName} from '../../container/container-name.js'

/** The part of an engine that pauses containers. */
export type PausingEngine = Pick<Engine, 'container' | 'pauseContainer' | 'unpauseContainer'>

/** The outcome of pausing a container: paused by this keg, just ended, or paused by somebody else. */
export type PauseOutcome = 'paused' | 'ended' | 'paused by another'

/**
 * Pauses a running container, and checks that it is paused. Tries again if its processes cannot be frozen at once, as on an
 * overloaded machine (runc gives up after some thousand tries).
 * @param hint what to do if it cannot be paused; default: stop it
 * @throws FailedError `pause-failed`, `container-gone`. The container may be paused even then.
 */
export async function pauseContainer(
  engine: PausingEngine,
  container: ContainerDetails,
  hint = stopFirstHint(container),
): Promise<PauseOutcome> {
  for (let tries = 1; ; tries++) {
    try {
      await engine.pauseContainer(container.Id)
      break
    } catch (cause) {
      if (!(cause instanceof EngineError)) throw cause
      const {Paused, Running} = await readContainerState(engine, container)
      if (!Running) return 'ended'
      if (Paused && cause.status === 409) return 'paused by another'
      if (!cause.isFreezeTimeout || tries === MAX_TRIES) throw pauseFailed(container, hint, cause)
      await waitBeforeRetry(tries)
    }
  }
  // An engine can report success although pausing failed.
  const {Paused, Running} = await readContainerState(engine, container)
  if (Paused) return 'paused'
  if (!Running) return 'ended'
  throw pauseFailed(container, hint)
}

/**
 * Unpauses a container, with as many tries as it takes. Ignores one that is not paused any more, or is gone.
 * @throws FailedError `unpause-failed`; MissingError if the engine is gone
 */
export async function unpauseContainer(engine: PausingEngine, container: ContainerDetails): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await engine.unpauseContainer(container.Id)
      return
    } catch (cause) {
      // Somebody else unpaused, stopped or removed it: nothing left to do.
      if ((await engine.container(container.Id).catch(() => container))?.State.Paused === false) return
      if (cause instanceof EngineError && cause.status === 404) return
      if (tries === MAX_TRIES) throw stillPaused(container, cause)
      await waitBeforeRetry(tries)
    }
  }
}

/** Reads from a container. @throws FailedError `container-gone` if that fails because somebody removed it. */
export async function orGone<T>(container: ContainerDetails, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    const refusal = error instanceof FailedError && error.cause instanceof EngineError ? error.cause : error
    if (refusal instanceof EngineError && isRemoval(refusal.response, container)) throw containerGone(container)
    throw error
  }
}

/** As engines say it (moby, daemon/commit.go, export.go, container.go). */
function isRemoval(response: string, {Id}: ContainerDetails): boolean {
  return response.includes(Id) && /no such container|which is (?:being removed|dead)/i.test(response)
}

/** The current state of a container. @throws FailedError `container-gone`, also while it is being removed */
export async function readContainerState(engine: PausingEngine, container: ContainerDetails): Promise<ContainerState> {
  const state = (await engine.container(container.Id))?.State
  if (state === undefined || state.Status === 'removing') throw containerGone(container)
  return state
}

const MAX_TRIES = 5

async function waitBeforeRetry(tries: number): Promise<void> {
  await sleep(200 * tries)
}

function containerGone(container: ContainerDetails): FailedError {
  return new FailedError(`The container ${shownName(container)} was removed meanwhile.`, {
    code: 'container-gone',
    hint: 'Start it again, then package it.',
  })
}

function stopFirstHint(container: ContainerDetails): string {
  return `Stop it first (${commandLine`docker stop ${nameOf(container)}`}), then package it: a stopped container does not have to be paused.`
}

function pauseFailed(container: ContainerDetails, hint: string, cause?: EngineError): FailedError {
  return new FailedError(
    `${shownName(container)} cannot be paused${cause === undefined ? '' : `: ${cause.response}`}.`,
    {
      code: 'pause-failed',
      hint,
      cause,
    },
  )
}

function stillPaused(container: ContainerDetails, cause: unknown): KegError {
  const name = shownName(container)
  if (cause instanceof MissingError)
    return new MissingError(`${cause.message.replace(/\.$/, '')} while ${name} was paused.`, {
      code: cause.code,
      hint: `Start it again. Unpause ${name}, and remove what keg left, with: ${commandLine`keg doctor --fix`}`,
      cause,
    })
  return new FailedError(`${name} is still paused: the engine did not unpause it.`, {
    code: 'unpause-failed',
    hint: `Unpause it with: ${commandLine`docker unpause ${name}`}`,
    cause,
  })
}
