import {isIPv6} from 'node:net'
import type {EngineAddress} from '../../engine/engine-address.js'
import {hostAndPort, portKey, type ContainerPort} from './published-ports.js'
import type {PortAnswer, ProbeTarget} from './probe.js'

/** A published port on the engine's host. */
export interface BoundPort extends ContainerPort {
  readonly address: string
  readonly hostPort: number
}

/** Whether the engine's ports are on this machine: it listens on a socket or on loopback. */
export function isLocalEngine(endpoint: EngineAddress): boolean {
  return endpoint.kind === 'socket' || /^(?:localhost|127(?:\.\d+){3}|::1)$/i.test(endpoint.host)
}

/** The address of a bound port from this machine; undefined for the loopback of another machine. */
export function reachableAddress({address, hostPort}: BoundPort, endpoint: EngineAddress): ProbeTarget | undefined {
  const every = address === '' || address === '0.0.0.0' || address === '::'
  if (endpoint.kind === 'socket' || isLocalEngine(endpoint)) {
    if (!every) return {host: address, port: hostPort}
    return {host: address === '::' ? '::1' : '127.0.0.1', port: hostPort}
  }
  if (every) return {host: endpoint.host, port: hostPort}
  return /^127\.|^::1$/.test(address) ? undefined : {host: address, port: hostPort}
}

/** The URL of a port. */
export function portUrl({host, port}: ProbeTarget, answer: PortAnswer): string {
  const scheme = answer === 'https' ? 'https' : answer === 'other' ? 'tcp' : 'http'
  const usual = (scheme === 'http' && port === 80) || (scheme === 'https' && port === 443)
  return `${scheme}://${usual ? (isIPv6(host) ? `[${host}]` : host) : hostAndPort(host, port)}`
}

/** A bound port in JSON output, in docker's notation. */
export interface ShownPort {
  /** In the container: `8080/tcp`. */
  readonly container: string
  /** On the host: `127.0.0.1:8080`. */
  readonly host: string
}

/** A bound port for JSON output. */
export function shownPort(port: BoundPort): ShownPort {
  return {container: portKey(port), host: hostAndPort(port.address === '' ? '0.0.0.0' : port.address, port.hostPort)}
}
