import {allSettledOrThrow} from '../../async/all-settled.js'
import {removeCompletely} from '../../container/discard.js'
import type {Engine} from '../../engine/engine.js'
import type {Filters} from '../../engine/types.js'

/** How long containers have to end by themselves, in seconds; as in docker. */
export const STOP_SECONDS = 10

/**
 * Stops and removes the containers with these labels, all at the same time, and removes their networks and volumes.
 * @param filters as in the API: `{label: ['com.keg.run=…']}`
 * @returns whether there was anything
 */
export async function removeResources(engine: Engine, filters: Filters): Promise<boolean> {
  const containers = await engine.containers(filters)
  await allSettledOrThrow(
    containers.map(async ({Id, State}) => {
      if (State === 'running') await engine.stopContainer(Id, STOP_SECONDS)
      await removeCompletely(engine, Id)
    }),
  )
  const [networks, volumes] = await Promise.all([engine.networks(filters), engine.volumes(filters)])
  await allSettledOrThrow([
    ...networks.map(({Id}) => engine.removeNetwork(Id)),
    ...volumes.map(({Name}) => engine.removeVolume(Name)),
  ])
  return containers.length + networks.length + volumes.length > 0
}
