import {UsageError} from '../error/keg-error.js'
import {printable} from '../terminal/text.js'

/** What a proxy has to know of a container. */
export interface ProxyTarget {
  /** What its router and its service are called: unique on the engine, such as the name of the container. */
  readonly name: string
  /** The name that a browser asks for: `shop-feature-x.localhost`. */
  readonly hostName: string
  /** Port in the container. */
  readonly port: number
  /** The proxy's entrypoint; undefined for those that the proxy takes by default. */
  readonly entry: string | undefined
  /** The network that proxy and container share. */
  readonly network: string
}

/** A host name as a browser takes one: letters, digits and hyphens, with dots between (RFC 1123, 2.1). */
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i

/**
 * The labels by which traefik 2 and 3 find a container (https://doc.traefik.io/traefik/routing/providers/docker/): the four that
 * keg has always written, and the network, which traefik has to be told where a container is in several.
 * @throws UsageError `proxy-host-invalid`
 */
export function proxyLabels({entry, hostName, name, network, port}: ProxyTarget): Record<string, string> {
  if (!HOST_NAME.test(hostName))
    throw new UsageError(`${printable(hostName)} is no host name that a proxy could serve.`, {
      code: 'proxy-host-invalid',
      hint: 'KEG_PROXY_HOST is a domain such as localhost or local.example.com, KEG_PROXY_DOMAIN the part before it.',
    })
  // A dot would begin another key.
  const key = name.replaceAll('.', '-')
  return {
    'traefik.enable': 'true',
    [`traefik.http.routers.${key}.rule`]: `Host(\`${hostName.toLowerCase()}\`)`,
    ...(entry !== undefined && {[`traefik.http.routers.${key}.entrypoints`]: entry}),
    [`traefik.http.services.${key}.loadbalancer.server.port`]: String(port),
    'traefik.docker.network': network,
  }
}
