import {setTimeout as sleep} from 'node:timers/promises'
import {allSettledOrThrow} from '../../async/all-settled.js'
import {removeCompletely} from '../../container/discard.js'
import type {Engine} from '../../engine/engine.js'
import type {Filters} from '../../engine/types.js'

/** How long containers have to end by themselves, in seconds; as in docker. */
export const STOP_SECONDS = 10

/** How often to look whether an engine still makes something, and how often nothing must be found in a row. */
const POLL_MILLISECONDS = 250
const QUIET_POLLS = 4
const MAX_POLLS = 240

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

/**
 * The same after compose was interrupted: an engine goes on with requests whose client is gone, so that a container, whose volumes it
 * fills first, appears only later. Looks until nothing was there for a second.
 */
export async function removeUnfinished(engine: Engine, filters: Filters): Promise<void> {
  let quiet = 0
  for (let polls = 0; polls < MAX_POLLS && quiet < QUIET_POLLS; polls++) {
    quiet = (await removeResources(engine, filters)) ? 0 : quiet + 1
    if (quiet < QUIET_POLLS) await sleep(POLL_MILLISECONDS)
  }
}
