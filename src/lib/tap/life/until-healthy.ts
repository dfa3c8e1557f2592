import type {ContainerDetails} from '../../engine/types.js'
import {waitUntilReady} from '../../port/readiness.js'
import type {StartContext} from '../start/start-options.js'

/** Waits for a service that others wait for, where it has a healthcheck. @throws RunError `unhealthy`, `not-ready` */
export async function untilHealthy(
  {Id}: Pick<ContainerDetails, 'Id'>,
  {engine, options, waitMilliseconds}: StartContext,
): Promise<void> {
  const hasHealthcheck = (await engine.container(Id))?.State.Health != null
  if (!hasHealthcheck || waitMilliseconds === 0) return
  await waitUntilReady({
    engine,
    container: Id,
    hasHealthcheck,
    targets: [],
    milliseconds: waitMilliseconds,
    progress: options.progress,
    signal: options.signal,
  })
}
