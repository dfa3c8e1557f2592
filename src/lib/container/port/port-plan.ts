import {portKey, type ContainerPort, type PortRequest, type Protocol} from './published-ports.js'

const LOOPBACK = '127.0.0.1'

/** An unavailable low port moves to the usual alternative: 80 to 8080, 443 to 8443. */
const LOW_PORTS_END = 1024
const LOW_PORTS_MOVE_BY = 8000

/** How many port numbers above the wanted one to try. */
const NEIGHBOURS = 100

/** A port to publish, as the engine gets it: an empty address means all, an empty port means any. */
export interface PlannedPort extends ContainerPort {
  readonly address: string
  readonly hostPort: string
  /** Whether keg chose the host port, and so can choose another. */
  readonly movable: boolean
}

/** What to plan. */
export interface PortPlanOptions {
  /** What the user requested. */
  readonly requests: readonly PortRequest[]
  /** Ports that the image exposes; published too, unless the user set where. */
  readonly exposed: readonly ContainerPort[]
  readonly isTaken: (port: number, protocol: Protocol) => Promise<boolean>
}

/** Chooses a host port for each port to publish. */
export async function planPorts({requests, exposed, isTaken}: PortPlanOptions): Promise<PlannedPort[]> {
  const named = new Set(requests.map(portKey))
  const wanted: PortRequest[] = [
    ...requests,
    ...exposed.filter((port) => !named.has(portKey(port))).map((port): PortRequest => ({...port, kind: 'movable'})),
  ]
  const used = new Set(
    wanted.flatMap((request) =>
      request.kind === 'fixed' ? [portKey({port: Number(request.hostPort), protocol: request.protocol})] : [],
    ),
  )
  const planned: PlannedPort[] = []
  for (const request of wanted) {
    const {port, protocol} = request
    if (request.kind === 'fixed') {
      planned.push({port, protocol, address: request.address, hostPort: request.hostPort, movable: false})
      continue
    }
    const free = await firstFree(request, async (candidate) => {
      return used.has(portKey({port: candidate, protocol})) || (await isTaken(candidate, protocol))
    })
    if (free !== undefined) used.add(portKey({port: free, protocol}))
    planned.push({port, protocol, address: LOOPBACK, hostPort: free === undefined ? '' : String(free), movable: true})
  }
  return planned
}

/** The first free port: the number itself, then alternatives; undefined if none is free. */
export async function firstFree(
  {port}: Pick<ContainerPort, 'port'>,
  isTaken: (candidate: number) => Promise<boolean>,
): Promise<number | undefined> {
  const base = port < LOW_PORTS_END ? port + LOW_PORTS_MOVE_BY : port + 1
  const candidates = [port, ...Array.from({length: NEIGHBOURS}, (_, index) => base + index)]
  for (const candidate of candidates) if (candidate <= 65_535 && !(await isTaken(candidate))) return candidate
  return undefined
}
