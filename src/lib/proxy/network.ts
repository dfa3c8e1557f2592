import type {Engine} from '../engine/engine.js'
import {EngineError} from '../engine/engine-error.js'
import {RUN} from '../label/temporary-labels.js'

/** `true` on a network that keg created, which is removed when it is no longer used. */
export const NETWORK_LABEL = 'com.keg.network'

/**
 * Creates the network that a proxy shares with its containers, if it does not exist.
 * @param run id of the keg run that creates it
 * @returns whether this call created it
 */
export async function ensureNetwork(engine: Engine, name: string, run?: string): Promise<boolean> {
  if ((await engine.network(name)) !== undefined) return false
  try {
    await engine.createNetwork({
      // Otherwise engines before 25 would create a second one with that name.
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
 * Removes the network if keg created it and no container uses it, not even a stopped one, which could not be started again.
 * @returns whether it was removed
 */
export async function removeUnusedNetwork(engine: Engine, name: string): Promise<boolean> {
  const network = await engine.network(name)
  if (network?.Labels?.[NETWORK_LABEL] !== 'true') return false
  const users = await engine.containers({network: [network.Id]})
  return users.length === 0 && (await engine.removeNetwork(network.Id))
}
