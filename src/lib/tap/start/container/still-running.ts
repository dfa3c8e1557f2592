import type {ContainerDetails} from '../../../engine/types.js'
import type {StartContext} from '../model.js'
import {containerEnded} from './container-ended.js'

/**
 * The container's current state.
 * @throws FailedError `container-ended` with its last lines of output
 */
export async function stillRunning(
  context: StartContext,
  container: Pick<ContainerDetails, 'Id' | 'Name'>,
): Promise<ContainerDetails> {
  const details = await context.engine.container(container.Id)
  if (details?.State.Running === true && !details.State.Restarting) return details
  throw await containerEnded(context, container, details)
}

/**
 * Checks that a container has not ended for good: if its restart policy restarts it, it may still become ready.
 * @throws FailedError `container-ended`
 */
export async function notEnded(
  context: StartContext,
  container: Pick<ContainerDetails, 'Id' | 'Name'>,
): Promise<ContainerDetails> {
  const details = await context.engine.container(container.Id)
  if (details !== undefined && (details.State.Running || details.State.Restarting)) return details
  throw await containerEnded(context, container, details)
}
