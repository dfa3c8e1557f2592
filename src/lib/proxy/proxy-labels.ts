import {UsageError} from '../error/keg-error.js'
import {printable} from '../terminal/text.js'

/** What a proxy needs to know about a container. */
export interface ProxyTarget {
  /** The name of its router and service: unique on the engine, such as the container's name. */
  readonly name: string
  /** The host name for browsers: `shop-feature-x.localhost`. */
  readonly hostName: string
  /** Port in the container. */
  readonly port: number
  /** The proxy's entrypoint; undefined for the proxy's defaults. */
  readonly entry: string | undefined
  /** The network that proxy and container share. */
  readonly network: string
}

/** A valid host name: letters, digits and hyphens, separated by dots (RFC 1123, 2.1). */
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i

/**
 * The labels by which traefik 2 and 3 find a container (https://doc.traefik.io/traefik/routing/providers/docker/): the four
 * that keg has always set, and the network, which traefik needs for a container in several networks.
 * @throws UsageError `proxy-host-invalid`
 */
export function proxyLabels({entry, hostName, name, network, port}: ProxyTarget): Record<string, string> {
  if (!HOST_NAME.test(hostName))
    throw new UsageError(`${printable(hostName)} is not a host name that a proxy can serve.`, {
      code: 'proxy-host-invalid',
      hint: 'KEG_PROXY_HOST is a domain such as localhost or local.example.com, KEG_PROXY_DOMAIN the part before it.',
    })
  // A dot would start another key.
  const key = name.replaceAll('.', '-')
  return {
    'traefik.enable': 'true',
    [`traefik.http.routers.${key}.rule`]: `Host(\`${hostName.toLowerCase()}\`)`,
    ...(entry !== undefined && {[`traefik.http.routers.${key}.entrypoints`]: entry}),
    [`traefik.http.services.${key}.loadbalancer.server.port`]: String(port),
    'traefik.docker.network': network,
  }
}
