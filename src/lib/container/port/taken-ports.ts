import {isPortTaken} from './free-port.js'
import {portKey, type Protocol} from './published-ports.js'
import {isLocalEngine} from './reachable-address.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** Which host ports count. */
export interface TakenPortsOptions {
  /** Ports of the host (`8080/tcp`) that were refused before. */
  readonly refused: ReadonlySet<string>
  /** Ids of containers whose ports will be free. */
  readonly except?: ReadonlySet<string>
}

/**
 * Which host ports are taken: by the engine's containers and, for a local engine, by any process.
 * @returns a function that checks one port
 */
export async function takenPorts(
  {engine}: Pick<EngineWork, 'engine'>,
  {except = new Set(), refused}: TakenPortsOptions,
): Promise<(port: number, protocol: Protocol) => Promise<boolean>> {
  const own = new Set<string>()
  const published = new Set<string>()
  for (const {Id, Ports} of await engine.containers())
    for (const {PublicPort, Type} of Ports ?? [])
      if (PublicPort !== undefined) (except.has(Id) ? own : published).add(`${PublicPort}/${Type}`)
  const isLocal = isLocalEngine(engine.endpoint)
  return async (port, protocol) => {
    const key = portKey({port, protocol})
    if (refused.has(key) || published.has(key)) return true
    return isLocal && !own.has(key) && (await isPortTaken(port, protocol))
  }
}
