import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails} from '../../engine/types.js'
import {idles} from '../exec/idles.js'

/** Docker's own time between the signal and the kill. */
const USUAL_SECONDS = 10
/** A run script that waits may still clean up behind itself. */
const IDLE_SECONDS = 2

/**
 * How long a container has to end by itself, in seconds: as it says itself, else docker's time. One that only waits for commands
 * has nothing to end, and where its first process takes no notice of the signal, as shells do, all of the time would be waited for.
 */
export async function stopSeconds(engine: Engine, container: ContainerDetails): Promise<number> {
  const {Config, State} = container
  if (typeof Config.StopTimeout === 'number') return Config.StopTimeout
  const isAtWork = State.Running && !State.Paused
  return isAtWork && (await idles(engine, container, {isPatient: false})) ? IDLE_SECONDS : USUAL_SECONDS
}
