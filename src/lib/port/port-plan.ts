import {portKey, type ContainerPort, type PortRequest, type Protocol} from './published-ports.js'

const LOOPBACK = '127.0.0.1'

/** A low port that is not to be had goes where one looks for it: 80 to 8080, 443 to 8443. */
const LOW_PORTS_END = 1024
const LOW_PORTS_MOVE_BY = 8000

/** How many numbers above the wanted one are tried. */
const NEIGHBOURS = 100

/** One published port as the engine is told: an empty address is every one, an empty port any. */
export interface PlannedPort extends ContainerPort {
  readonly address: string
  readonly hostPort: string
  /** Whether keg chose the port of the host, and so may choose another. */
  readonly movable: boolean
}

/** What a plan is made of. */
export interface PortPlanOptions {
  /** What the user asked for. */
  readonly requests: readonly PortRequest[]
  /** What the image exposes; published too, unless the user said where. */
  readonly exposed: readonly ContainerPort[]
  readonly isTaken: (port: number, protocol: Protocol) => Promise<boolean>
}

/** Finds a port of the host for everything that is to be published. */
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

/** The first port that is free of a number, and those that keg tries after it; undefined where none is. */
export async function firstFree(
  {port}: Pick<ContainerPort, 'port'>,
  isTaken: (candidate: number) => Promise<boolean>,
): Promise<number | undefined> {
  const base = port < LOW_PORTS_END ? port + LOW_PORTS_MOVE_BY : port + 1
  const candidates = [port, ...Array.from({length: NEIGHBOURS}, (_, index) => base + index)]
  for (const candidate of candidates) if (candidate <= 65_535 && !(await isTaken(candidate))) return candidate
  return undefined
}
