import type {Engine} from '../engine/engine.js'
import type {ContainerDetails, ImageDetails} from '../engine/types.js'
import {isPortTaken} from './free-port.js'
import {planPorts, type PlannedPort} from './port-plan.js'
import {exposedPorts, portKey, type PortRequest, type Protocol} from './published-ports.js'
import {isLocalEngine, type BoundPort} from './reachable-address.js'

/** What decides which ports of the host a container gets. */
export interface FreePortOptions {
  readonly engine: Engine
  readonly image: Pick<ImageDetails, 'Config'>
  readonly requests: readonly PortRequest[]
  readonly network: string | undefined
  /** Ports of the host (`8080/tcp`) that were tried in vain. */
  readonly refused: ReadonlySet<string>
}

/** Plans the ports by what the containers of the engine and, where it is this machine's, all processes have taken. */
export async function freePorts({engine, image, requests, network, refused}: FreePortOptions): Promise<PlannedPort[]> {
  // Of these networks none publishes ports: the container has the host's, none, or another container's.
  const publishes = !/^(?:host|none|container:.*)$/.test(network ?? '')
  const rows = await engine.containers()
  const published = new Set(
    rows.flatMap(({Ports}) =>
      (Ports ?? []).flatMap(({PublicPort, Type}) => (PublicPort === undefined ? [] : [`${PublicPort}/${Type}`])),
    ),
  )
  const isLocal = isLocalEngine(engine.endpoint)
  const isTaken = async (port: number, protocol: Protocol): Promise<boolean> => {
    const key = portKey({port, protocol})
    return refused.has(key) || published.has(key) || (isLocal && (await isPortTaken(port, protocol)))
  }
  return planPorts({
    requests,
    exposed: publishes ? exposedPorts(image.Config?.ExposedPorts) : [],
    isTaken,
  })
}

/** The ports as the engine has them; as they were planned, when it does not say. */
export function boundPorts(details: ContainerDetails | undefined, planned: readonly PlannedPort[]): BoundPort[] {
  if (details?.HostConfig.NetworkMode === 'host')
    return exposedPorts(details.Config.ExposedPorts).map((port) => ({
      ...port,
      address: '127.0.0.1',
      hostPort: port.port,
    }))
  const bound = Object.entries(details?.NetworkSettings?.Ports ?? {}).flatMap(([key, bindings]) =>
    exposedPorts({[key]: {}}).flatMap((port) =>
      (bindings ?? [])
        // An engine with IPv6 lists every port twice.
        .filter(({HostIp, HostPort}) => {
          return (
            HostIp !== '::' || !bindings?.some((other) => other.HostIp === '0.0.0.0' && other.HostPort === HostPort)
          )
        })
        .map(({HostIp, HostPort}) => ({...port, address: HostIp ?? '', hostPort: Number(HostPort)})),
    ),
  )
  if (bound.length > 0) return bound.sort((left, right) => left.port - right.port)
  return planned.flatMap(({address, hostPort, port, protocol}) =>
    /^\d+$/.test(hostPort) ? [{address, hostPort: Number(hostPort), port, protocol}] : [],
  )
}
