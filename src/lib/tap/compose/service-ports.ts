import {firstFree} from '../../port/port-plan.js'
import {hostAndPort, portKey, type ContainerPort, type PortRequest, type Protocol} from '../../port/published-ports.js'
import {portsOf, type ComposeModel, type ComposePort} from './compose-model.js'
import {hasNetworks, withPorts} from './edit-model.js'

/** What is published of a project. */
export interface ServicePortsOptions {
  readonly model: ComposeModel
  /** The app's service. */
  readonly service: string
  /** What the user asked for by `-p`. */
  readonly requests: readonly PortRequest[]
  /** Ports of the app's container that are published on 127.0.0.1, unless file or user say where. */
  readonly wanted: readonly ContainerPort[]
  readonly isTaken: (port: number, protocol: Protocol) => Promise<boolean>
}

/** A port that is published elsewhere than it was to be. */
export interface MovedPort {
  readonly service: string
  readonly from: string
  readonly to: string
}

/** Ports as they are asked for, whatever is free: what makes two settings of a container differ. */
export function askedPorts({
  model,
  requests,
  service,
  wanted,
}: Omit<ServicePortsOptions, 'isTaken'>): readonly ComposePort[] {
  const main = model.services[service]
  if (main === undefined || !hasNetworks(main)) return []
  const written = portsOf(main)
  const said = [...written.map(({protocol, target}) => `${target}/${protocol}`), ...requests.map(portKey)]
  const own = wanted.filter((port) => !said.includes(portKey(port)))
  return [...requests.map(requestedPort), ...written, ...own.map((port) => requestedPort({...port, kind: 'movable'}))]
}

/**
 * Gives every port of the host to one container alone: those of the compose files, and those that keg publishes itself, move to a
 * free number on the same address; those of `-p` stay.
 */
export async function placePorts(
  options: ServicePortsOptions,
): Promise<{readonly model: ComposeModel; readonly moved: readonly MovedPort[]}> {
  const {isTaken, requests, service: main} = options
  const used = new Set(requests.flatMap((port) => (port.kind === 'fixed' ? [`${port.hostPort}/${port.protocol}`] : [])))
  const moved: MovedPort[] = []
  let {model} = options
  const names = [main, ...Object.keys(model.services).filter((name) => name !== main)]
  for (const name of names) {
    const service = model.services[name]
    if (service === undefined || !hasNetworks(service)) continue
    const ports = name === main ? askedPorts(options) : portsOf(service)
    const placed: ComposePort[] = []
    for (const [index, port] of ports.entries()) {
      const isFixed = name === main && requests[index]?.kind === 'fixed'
      const place = isFixed ? port : await placePort(port, used, isTaken)
      placed.push(place)
      if (place.published !== port.published) moved.push({service: name, from: shownHost(port), to: shownHost(place)})
    }
    model = withPorts(model, name, placed)
  }
  return {model, moved}
}

async function placePort(
  port: ComposePort,
  used: Set<string>,
  isTaken: ServicePortsOptions['isTaken'],
): Promise<ComposePort> {
  const {protocol, published} = port
  // A range is the engine's to choose from, and without a number any will do.
  if (published === undefined || !/^\d+$/.test(published) || !isProtocol(protocol)) return port
  const free = await firstFree({port: Number(published)}, async (candidate) => {
    return used.has(`${candidate}/${protocol}`) || (await isTaken(candidate, protocol))
  })
  if (free !== undefined) used.add(`${free}/${protocol}`)
  return {...port, published: free === undefined ? undefined : String(free)}
}

function requestedPort(request: PortRequest): ComposePort {
  const {port: target, protocol} = request
  if (request.kind === 'movable') return {target, protocol, address: '127.0.0.1', published: String(target), rest: MODE}
  const {address, hostPort} = request
  const known = (text: string): string | undefined => (text === '' ? undefined : text)
  return {target, protocol, address: known(address), published: known(hostPort), rest: MODE}
}

/** As compose itself writes it of what it publishes. */
const MODE = {mode: 'ingress'}

function isProtocol(text: string): text is Protocol {
  return ['sctp', 'tcp', 'udp'].includes(text)
}

function shownHost({address, published}: ComposePort): string {
  return published === undefined ? 'another port' : hostAndPort(address ?? '0.0.0.0', published)
}
