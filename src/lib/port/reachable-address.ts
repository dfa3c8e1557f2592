import {isIPv6} from 'node:net'
import type {EngineAddress} from '../engine/engine-address.js'
import {hostAndPort, portKey, type ContainerPort} from './published-ports.js'
import type {PortAnswer, ProbeTarget} from './probe.js'

/** A port that a container really has on the engine's host. */
export interface BoundPort extends ContainerPort {
  readonly address: string
  readonly hostPort: number
}

/** Whether the engine's ports are this machine's: a socket, or an engine that listens on loopback. */
export function isLocalEngine(endpoint: EngineAddress): boolean {
  return endpoint.kind === 'socket' || /^(?:localhost|127(?:\.\d+){3}|::1)$/i.test(endpoint.host)
}

/** Where a bound port can be reached from here; undefined for the loopback of another machine. */
export function reachableAddress({address, hostPort}: BoundPort, endpoint: EngineAddress): ProbeTarget | undefined {
  const every = address === '' || address === '0.0.0.0' || address === '::'
  if (endpoint.kind === 'socket' || isLocalEngine(endpoint)) {
    if (!every) return {host: address, port: hostPort}
    return {host: address === '::' ? '::1' : '127.0.0.1', port: hostPort}
  }
  if (every) return {host: endpoint.host, port: hostPort}
  return /^127\.|^::1$/.test(address) ? undefined : {host: address, port: hostPort}
}

/** What a browser opens for a port. */
export function portUrl({host, port}: ProbeTarget, answer: PortAnswer): string {
  const scheme = answer === 'https' ? 'https' : answer === 'other' ? 'tcp' : 'http'
  const usual = (scheme === 'http' && port === 80) || (scheme === 'https' && port === 443)
  return `${scheme}://${usual ? (isIPv6(host) ? `[${host}]` : host) : hostAndPort(host, port)}`
}

/** A bound port as scripts get it, in docker's words: `8080/tcp` at `127.0.0.1:8080`. */
export function shownPort(port: BoundPort): {container: string; host: string} {
  return {container: portKey(port), host: hostAndPort(port.address === '' ? '0.0.0.0' : port.address, port.hostPort)}
}
