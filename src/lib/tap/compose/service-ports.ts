import {firstFree} from '../../container/port/port-plan.js'
import {
  hostAndPort,
  portKey,
  type ContainerPort,
  type PortRequest,
  type Protocol,
} from '../../container/port/published-ports.js'
import {portsOf, type ComposeModel, type ComposePort} from '../../compose/compose-model.js'
import {hasNetworks, withPorts} from './edit-model.js'

/** What to publish. */
export interface ServicePortsOptions {
  readonly model: ComposeModel
  /** The app's service. */
  readonly service: string
  /** What the user requested with `-p`. */
  readonly requests: readonly PortRequest[]
  /** Ports of the app's container to publish on 127.0.0.1, unless file or user say otherwise. */
  readonly wanted: readonly ContainerPort[]
  readonly isTaken: (port: number, protocol: Protocol) => Promise<boolean>
}

/** A port that was published with another number than requested. */
export interface MovedPort {
  readonly service: string
  readonly from: string
  readonly to: string
}

/** Ports as requested, free or not: they are part of a container's settings. */
export function askedPorts({
  model,
  requests,
  service,
  wanted,
}: Omit<ServicePortsOptions, 'isTaken'>): readonly ComposePort[] {
  const main = model.services[service]
  if (main === undefined || !hasNetworks(main)) return []
  const written = portsOf(main)
  const knownPorts = [...written.map(({protocol, target}) => `${target}/${protocol}`), ...requests.map(portKey)]
  const own = wanted.filter((port) => !knownPorts.includes(portKey(port)))
  return [...requests.map(requestedPort), ...written, ...own.map((port) => requestedPort({...port, kind: 'movable'}))]
}

/**
 * Gives each host port to only one container: ports of the compose files, and those that keg publishes itself, move to a
 * free number on the same address; those of `-p` stay.
 */
export async function placePorts(
  options: ServicePortsOptions,
): Promise<{readonly model: ComposeModel; readonly moved: readonly MovedPort[]}> {
  const {isTaken, requests, service: main} = options
  const used = new UsedPorts(requests)
  const moved: MovedPort[] = []
  let {model} = options
  const names = [main, ...Object.keys(model.services).filter((name) => name !== main)]
  for (const name of names) {
    const service = model.services[name]
    if (service === undefined || !hasNetworks(service)) continue
    const ports = name === main ? askedPorts(options) : portsOf(service)
    const placed: ComposePort[] = []
    // A port with several addresses has the same number at all of them.
    const numbers = new Map<string, string | undefined>()
    for (const [index, port] of ports.entries()) {
      const isFixed = name === main && requests[index]?.kind === 'fixed'
      const key = numberKey(port)
      const addresses = ports.filter((other) => numberKey(other) === key).map(({address = ''}) => address)
      if (!isFixed && !numbers.has(key)) numbers.set(key, await freeNumber(port, {used, isTaken, addresses}))
      const place = isFixed ? port : {...port, published: numbers.get(key)}
      placed.push(place)
      if (place.published !== port.published) moved.push({service: name, from: shownHost(port), to: shownHost(place)})
    }
    model = withPorts(model, name, placed)
  }
  return {model, moved}
}

/** Which numbers are used, and at which addresses. */
class UsedPorts {
  readonly #addresses = new Map<string, string[]>()

  /** @param requests whose numbers are reserved first */
  constructor(requests: readonly PortRequest[]) {
    for (const port of requests) if (port.kind === 'fixed') this.use(port.hostPort, port.protocol, [port.address])
  }

  has(published: string, protocol: string, addresses: readonly string[]): boolean {
    const used = this.#addresses.get(`${published}/${protocol}`) ?? []
    return used.some((one) => addresses.some((other) => one === other || isEvery(one) || isEvery(other)))
  }

  use(published: string, protocol: string, addresses: readonly string[]): void {
    const key = `${published}/${protocol}`
    this.#addresses.set(key, [...(this.#addresses.get(key) ?? []), ...addresses])
  }
}

function isEvery(address: string): boolean {
  return ['', '0.0.0.0', '::'].includes(address)
}

/** What is equal in ports that differ only in their addresses. */
function numberKey({protocol, published, target}: ComposePort): string {
  return `${published ?? ''}:${target}/${protocol}`
}

/** The host number for a port: its own, or the next that is free at all of the addresses. */
async function freeNumber(
  {protocol, published}: ComposePort,
  {
    addresses,
    isTaken,
    used,
  }: Pick<ServicePortsOptions, 'isTaken'> & {readonly used: UsedPorts; readonly addresses: readonly string[]},
): Promise<string | undefined> {
  // From a range the engine chooses, and without a number any will do.
  if (published === undefined || !/^\d+$/.test(published) || !isProtocol(protocol)) return published
  const free = await firstFree({port: Number(published)}, async (candidate) => {
    return used.has(String(candidate), protocol, addresses) || (await isTaken(candidate, protocol))
  })
  if (free === undefined) return undefined
  used.use(String(free), protocol, addresses)
  return String(free)
}

function requestedPort(request: PortRequest): ComposePort {
  const {port: target, protocol} = request
  if (request.kind === 'movable') return {target, protocol, address: '127.0.0.1', published: String(target), rest: MODE}
  const {address, hostPort} = request
  const known = (text: string): string | undefined => (text === '' ? undefined : text)
  return {target, protocol, address: known(address), published: known(hostPort), rest: MODE}
}

/** As compose writes it for published ports. */
const MODE = {mode: 'ingress'}

function isProtocol(text: string): text is Protocol {
  return ['sctp', 'tcp', 'udp'].includes(text)
}

function shownHost({address, published}: ComposePort): string {
  return published === undefined ? 'another port' : hostAndPort(address ?? '0.0.0.0', published)
}
