import type {Engine} from '../engine/engine.js'
import {EngineError} from '../engine/engine-error.js'
import {RUN} from '../maintenance/temporary-labels.js'

/** `true` on a network that keg made: such a one is removed when nothing is in it any more. */
export const NETWORK_LABEL = 'com.keg.network'

/**
 * Makes the network that a proxy shares with what it serves, unless it is there.
 * @param run id of the run of keg that makes it
 * @returns whether this call made it
 */
export async function ensureNetwork(engine: Engine, name: string, run?: string): Promise<boolean> {
  if ((await engine.network(name)) !== undefined) return false
  try {
    await engine.createNetwork({
      // Engines before 25 would make a second one of that name otherwise.
      CheckDuplicate: true,
      Driver: 'bridge',
      Labels: {[NETWORK_LABEL]: 'true', ...(run !== undefined && {[RUN]: run})},
      Name: name,
    })
    return true
  } catch (error) {
    // Another start was faster.
    if (error instanceof EngineError && error.status === 409) return false
    throw error
  }
}

/**
 * Removes the network where keg made it and no container is in it, not even a stopped one, which could not be started again.
 * @returns whether it was removed
 */
export async function removeUnusedNetwork(engine: Engine, name: string): Promise<boolean> {
  const network = await engine.network(name)
  if (network?.Labels?.[NETWORK_LABEL] !== 'true') return false
  const users = await engine.containers({network: [network.Id]})
  return users.length === 0 && (await engine.removeNetwork(network.Id))
}
