import type {ContainerDetails} from '../../engine/types.js'
import {waitUntilReady} from '../../container/port/readiness.js'
import {notEnded} from '../start/container/still-running.js'
import type {StartContext} from '../start/model.js'

/**
 * Waits until a service is healthy that others wait for, if it has a healthcheck. @throws RunError `unhealthy`, `not-ready`;
 * FailedError `container-ended`
 */
export async function untilHealthy(
  container: Pick<ContainerDetails, 'Id' | 'Name'>,
  context: StartContext,
): Promise<void> {
  const {Id} = container
  const {engine, waitMilliseconds} = context
  const hasHealthcheck = (await engine.container(Id))?.State.Health != null
  if (!hasHealthcheck || waitMilliseconds === 0) return
  await waitUntilReady(context, {
    container: Id,
    hasHealthcheck,
    targets: [],
    milliseconds: waitMilliseconds,
    check: async () => {
      await notEnded(context, container)
    },
  })
}
