import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails} from '../../engine/types.js'
import {isIdle} from '../exec/is-idle.js'

/** Docker's default time between the signal and the kill. */
const USUAL_SECONDS = 10
/** An idle run script may still clean up. */
const IDLE_SECONDS = 2

/**
 * How long a container has to end by itself, in seconds: its own setting, or docker's default. An idle container has nothing
 * to end, and if its first process ignores the signal, as shells do, the whole time would be spent waiting.
 */
export async function stopSeconds(engine: Engine, container: ContainerDetails): Promise<number> {
  const {Config, State} = container
  if (typeof Config.StopTimeout === 'number') return Config.StopTimeout
  const isAtWork = State.Running && !State.Paused
  return isAtWork && (await isIdle(engine, container, {isPatient: false})) ? IDLE_SECONDS : USUAL_SECONDS
}
