import {Agent} from 'node:http'
import {Agent as TlsAgent} from 'node:https'
import {createSecureContext, type SecureContext} from 'node:tls'
import type {Route} from './http-exchange.js'
import {proxyOf} from './proxy-of.js'
import {trustedCertificates, type TlsCertificates} from './trusted-certificates.js'

export interface RouteOptions {
  /** For the proxy variables and certificates. */
  readonly environment: NodeJS.ProcessEnv
  /** Ends connecting to a proxy. */
  readonly signal: AbortSignal
  /** Whether the certificate of a server (`host[:port]`) need not be trusted. */
  readonly skipsVerification: (host: string) => boolean
}

/** Keeps the connections to servers alive, each with its proxy and certificates. */
export class Routes implements Disposable {
  readonly #routes = new Map<string, Promise<Route>>()

  constructor(private readonly options: RouteOptions) {}

  /** @throws RegistryFailure `registry-proxy` */
  to(address: URL): Promise<Route> {
    const known = this.#routes.get(address.origin)
    if (known !== undefined) return known
    const route = this.#open(address)
    this.#routes.set(address.origin, route)
    return route
  }

  [Symbol.dispose](): void {
    for (const route of this.#routes.values())
      route.then(
        ({agent}) => agent.destroy(),
        () => undefined,
      )
    this.#routes.clear()
  }

  async #open(address: URL): Promise<Route> {
    const {environment, signal, skipsVerification} = this.options
    const proxy = proxyOf(address, environment)
    if (address.protocol === 'http:' && proxy?.protocol !== 'https:')
      return {agent: new Agent({keepAlive: true}), proxy}
    const {ca, ...client} = await trustedCertificates(address.host, environment)
    const verifies = address.protocol === 'http:' || !skipsVerification(address.host)
    // Once for all connections: to read hundreds of authorities takes a tenth of a second. None are needed for a server that need not have one.
    const secureContext = secureContextOf({...client, ca: verifies ? ca : []})
    const options = {keepAlive: true, rejectUnauthorized: verifies, secureContext} as const
    if (proxy === undefined || address.protocol === 'http:') return {agent: new TlsAgent(options), proxy}
    const {HttpsProxyAgent} = await import('hpagent')
    const proxyRequestOptions = {signal, ...(ca && {ca: [...ca]})}
    return {agent: new HttpsProxyAgent({...options, proxy, proxyRequestOptions}), proxy}
  }
}

function secureContextOf({ca, ...client}: TlsCertificates): SecureContext {
  return createSecureContext({minVersion: 'TLSv1.2', ...client, ...(ca && {ca: [...ca]})})
}
