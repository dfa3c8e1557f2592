import type {Engine} from '../engine/engine.js'
import type {ContainerDetails, ImageDetails} from '../engine/types.js'
import {planPorts, type PlannedPort} from './port-plan.js'
import {exposedPorts, type PortRequest} from './published-ports.js'
import type {BoundPort} from './reachable-address.js'
import {takenPorts} from './taken-ports.js'

/** What decides which ports of the host a container gets. */
export interface FreePortOptions {
  readonly engine: Engine
  readonly image: Pick<ImageDetails, 'Config'>
  readonly requests: readonly PortRequest[]
  readonly network: string | undefined
  /** Whether ports are published that the image exposes, though nobody asks for them. */
  readonly publishesExposed?: boolean
  /** Ports of the host (`8080/tcp`) that were tried in vain. */
  readonly refused: ReadonlySet<string>
}

/** Plans the ports by what the containers of the engine and, where it is this machine's, all processes have taken. */
export async function freePorts(options: FreePortOptions): Promise<PlannedPort[]> {
  const {engine, image, network, publishesExposed = true, refused, requests} = options
  // Of these networks none publishes ports: the container has the host's, none, or another container's.
  const publishes = publishesExposed && !/^(?:host|none|container:.*)$/.test(network ?? '')
  return planPorts({
    requests,
    exposed: publishes ? exposedPorts(image.Config?.ExposedPorts) : [],
    isTaken: await takenPorts({engine, refused}),
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
