import {isIP, isIPv6} from 'node:net'
import {UsageError} from '../../error/keg-error.js'
import {printable} from '../../terminal/text.js'

/** The protocols a port can be published for. */
export type Protocol = 'tcp' | 'udp' | 'sctp'

/** A port inside a container. */
export interface ContainerPort {
  readonly port: number
  readonly protocol: Protocol
}

/**
 * One port to publish. `fixed`: as the user set it; an empty address means all, and `hostPort` can be a range for the engine
 * to choose from (`8000-8010`), or empty for any. `movable`: on 127.0.0.1 with the same number, or another if that is taken.
 */
export type PortRequest = ContainerPort &
  ({readonly kind: 'fixed'; readonly address: string; readonly hostPort: string} | {readonly kind: 'movable'})

interface Range {
  readonly first: number
  readonly last: number
}

/**
 * Parses the values of `-p` in docker's forms: `CONTAINER`, `HOST:CONTAINER`, `IP:HOST:CONTAINER`, `IP::CONTAINER`, with
 * ranges on either side and `/tcp`, `/udp` or `/sctp` at the end (docker/go-connections, nat). `CONTAINER` alone is
 * published like an exposed port.
 * @throws UsageError `port-invalid`.
 */
export function parsePublishedPorts(values: readonly string[]): PortRequest[] {
  return values.flatMap(parsePublishedPort)
}

function parsePublishedPort(text: string): PortRequest[] {
  const invalid = (problem: string): UsageError =>
    new UsageError(`-p ${printable(text)}: ${problem}`, {
      code: 'port-invalid',
      hint: 'Write it as -p 8080, -p 8080:80, -p 127.0.0.1:8080:80 or -p 8000-8010:8000-8010/udp.',
    })
  const range = (digits: string): Range => {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(digits)
    const first = Number(match?.[1])
    const last = Number(match?.[2] ?? match?.[1])
    if (match === null || first < 1 || last > 65_535)
      throw invalid(`"${printable(digits)}" is no port from 1 to 65535.`)
    if (last < first) throw invalid('the range ends before it begins.')
    return {first, last}
  }

  const [, before = '', protocolText] = /^(.*?)(?:\/([^/]*))?$/s.exec(text) ?? []
  const protocol = parseProtocol(protocolText ?? 'tcp')
  if (protocol === undefined) throw invalid('the protocol is none of tcp, udp and sctp.')
  const [, bracketed, rest = ''] = /^(?:\[([^\]]*)\]:)?(.*)$/s.exec(before) ?? []
  const parts = rest.split(':')
  const containerRange = range(parts.pop() ?? '')
  const hostText = parts.pop()
  const address = bracketed ?? (parts.length > 0 ? parts.join(':') : undefined)
  if (address !== undefined && isIP(address) === 0) throw invalid(`"${printable(address)}" is no IP address.`)
  if (bracketed !== undefined && (parts.length > 0 || hostText === undefined || !isIPv6(bracketed)))
    throw invalid('brackets are for IPv6 addresses, with two ports behind.')
  if (hostText === '' && address === undefined) throw invalid('the port of the host is missing.')

  const ports = Array.from({length: containerRange.last - containerRange.first + 1}, (_, index) => index)
  if (hostText === undefined)
    return ports.map((index) => ({kind: 'movable', port: containerRange.first + index, protocol}))
  const fixed = (index: number, hostPort: string): PortRequest => ({
    kind: 'fixed',
    address: address ?? '',
    hostPort,
    port: containerRange.first + index,
    protocol,
  })
  if (hostText === '') return ports.map((index) => fixed(index, ''))
  const hostRange = range(hostText)
  if (ports.length === 1) {
    const {first, last} = hostRange
    return [fixed(0, first === last ? String(first) : `${first}-${last}`)]
  }
  if (hostRange.last - hostRange.first !== containerRange.last - containerRange.first)
    throw invalid('the two ranges are not of the same length.')
  return ports.map((index) => fixed(index, String(hostRange.first + index)))
}

function parseProtocol(text: string): Protocol | undefined {
  const lower = text.toLowerCase()
  return lower === 'tcp' || lower === 'udp' || lower === 'sctp' ? lower : undefined
}

/** Parses an image's exposed ports: `8080/tcp`, `53/udp`, or a bare number. Skips anything else. */
export function exposedPorts(exposed: Readonly<Record<string, object>> | null | undefined): ContainerPort[] {
  return Object.keys(exposed ?? {})
    .flatMap((key): ContainerPort[] => {
      const match = /^(\d{1,5})(?:\/([a-z]+))?$/.exec(key)
      const port = Number(match?.[1])
      const protocol = parseProtocol(match?.[2] ?? 'tcp')
      return match !== null && port > 0 && port <= 65_535 && protocol !== undefined ? [{port, protocol}] : []
    })
    .sort((left, right) => left.port - right.port || left.protocol.localeCompare(right.protocol))
}

/** A port in the engine's form: `8080/tcp`. */
export function portKey({port, protocol}: ContainerPort): string {
  return `${port}/${protocol}`
}

/** An address with port: `127.0.0.1:8080`, `[::1]:8080`. */
export function hostAndPort(address: string, port: number | string): string {
  return `${isIPv6(address) ? `[${address}]` : address}:${port}`
}
