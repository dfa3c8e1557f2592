import type {Engine} from '../engine/engine.js'
import {isPortTaken} from './free-port.js'
import {portKey, type Protocol} from './published-ports.js'
import {isLocalEngine} from './reachable-address.js'

/** Whose ports of the host count. */
export interface TakenPortsOptions {
  readonly engine: Engine
  /** Ports of the host (`8080/tcp`) that were tried in vain. */
  readonly refused: ReadonlySet<string>
  /** Ids of containers that are to give their ports up. */
  readonly except?: ReadonlySet<string>
}

/**
 * Which ports of the host are taken: by the engine's containers and, where it is this machine's, by any process.
 * @returns a function that looks at one port
 */
export async function takenPorts({
  engine,
  except = new Set(),
  refused,
}: TakenPortsOptions): Promise<(port: number, protocol: Protocol) => Promise<boolean>> {
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
