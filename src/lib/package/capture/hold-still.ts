import {FailedError} from '../../error/keg-error.js'
import type {ContainerDetails} from '../../engine/types.js'
import type {EngineWork} from '../../engine/engine-work.js'
import type {Moment} from './moment.js'
import {pauseContainer, readContainerState, unpauseContainer} from './pause-container.js'

/**
 * Pauses a container that is not read itself while others are, in the moment that they have in common. One that does not run, or was
 * paused by its user, is left as it is.
 * @throws FailedError `pause-failed`, `unpause-failed`; the reason of the signal
 */
export async function holdStill(
  {engine, signal}: Pick<EngineWork, 'engine' | 'signal'>,
  container: ContainerDetails,
  moment: Moment,
): Promise<void> {
  await moment.ready()
  let isOurs = false
  try {
    const {Paused, Running} = await readContainerState(engine, container)
    if (Running && !Paused) {
      signal.throwIfAborted()
      // Even if pausing failed: the answer may have been lost although the container was paused.
      isOurs = true
      isOurs = (await pauseContainer(engine, container).catch(endedWhereGone)) === 'paused'
    }
    await moment.paused()
    await moment.read()
  } finally {
    if (isOurs) await unpauseContainer(engine, container)
  }
}

function endedWhereGone(error: unknown): 'ended' {
  if (error instanceof FailedError && error.code === 'container-gone') return 'ended'
  throw error
}
