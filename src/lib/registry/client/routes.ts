import {Agent} from 'node:http'
import {Agent as TlsAgent} from 'node:https'
import type {Route} from './http-exchange.js'
import {proxyOf} from './proxy-of.js'
import {trustedCertificates} from './trusted-certificates.js'

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
    const options = {
      keepAlive: true,
      minVersion: 'TLSv1.2',
      rejectUnauthorized: !skipsVerification(address.host),
      ...(ca && {ca: [...ca]}),
      ...client,
    } as const
    if (proxy === undefined) return {agent: new TlsAgent(options)}
    if (address.protocol === 'http:') return {agent: new TlsAgent({...options, rejectUnauthorized: true}), proxy}
    const {HttpsProxyAgent} = await import('hpagent')
    const proxyRequestOptions = {signal, ...(ca && {ca: [...ca]})}
    return {agent: new HttpsProxyAgent({...options, proxy, proxyRequestOptions}), proxy}
  }
}
