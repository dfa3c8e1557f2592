import type {ContainerDetails, ImageDetails} from '../../engine/types.js'
import {planPorts, type PlannedPort} from './port-plan.js'
import {exposedPorts, type PortRequest} from './published-ports.js'
import type {BoundPort} from './reachable-address.js'
import {takenPorts} from './taken-ports.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** What decides a container's ports on the host. */
export interface FreePortOptions {
  readonly image: Pick<ImageDetails, 'Config'>
  readonly requests: readonly PortRequest[]
  readonly network: string | undefined
  /** Whether exposed ports of the image are published without being asked for. */
  readonly publishesExposed?: boolean
  /** Ports of the host (`8080/tcp`) that were refused before. */
  readonly refused: ReadonlySet<string>
}

/** Plans ports, avoiding those taken by the engine's containers and, for a local engine, by any process. */
export async function freePorts(work: Pick<EngineWork, 'engine'>, options: FreePortOptions): Promise<PlannedPort[]> {
  const {image, network, publishesExposed = true, refused, requests} = options
  // Networks without published ports: the host's, none, or another container's.
  const publishes = publishesExposed && !/^(?:host|none|container:.*)$/.test(network ?? '')
  return planPorts({
    requests,
    exposed: publishes ? exposedPorts(image.Config?.ExposedPorts) : [],
    isTaken: await takenPorts(work, {refused}),
  })
}

/** The ports reported by the engine, or the planned ones if it reports none. */
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
        // With IPv6 an engine lists every port twice.
        .filter(({HostIp, HostPort}) => {
          return (
            HostIp !== '::' || !bindings?.some((other) => other.HostIp === '0.0.0.0' && other.HostPort === HostPort)
          )
        })
        .map(({HostIp, HostPort}) => ({...port, address: HostIp ?? '', hostPort: Number(HostPort)})),
    ),
  )
  if (bound.length > 0) return bound.sort(byPortAndAddress)
  return planned.flatMap(({address, hostPort, port, protocol}) =>
    /^\d+$/.test(hostPort) ? [{address, hostPort: Number(hostPort), port, protocol}] : [],
  )
}

/** The engine lists the addresses of a port in any order; the first becomes the URL. */
function byPortAndAddress(left: BoundPort, right: BoundPort): number {
  const isLater = Number(left.address.includes(':')) - Number(right.address.includes(':'))
  return left.port - right.port || isLater || left.address.localeCompare(right.address)
}
