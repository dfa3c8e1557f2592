import {exposedPorts} from '../../container/port/published-ports.js'
import type {ImageDetails} from '../../engine/types.js'
import {proxyLabels} from '../../proxy/proxy-labels.js'
import {portsOf, type ComposeService} from '../../compose/compose-model.js'
import type {OpenTap} from '../../values/open-tap.js'

/** How to reach a tap. */
export interface Routing {
  /** Networks that its container joins in addition to its own. */
  readonly networks: readonly string[]
  /** Labels for the proxy. */
  readonly labels: Readonly<Record<string, string>>
  /** The URL behind the proxy; undefined without one. */
  readonly url: string | undefined
  /** Port in the container that the app listens on; undefined if unknown. */
  readonly port: number | undefined
  /** Why it cannot be reached as configured. */
  readonly warning: string | undefined
}

/**
 * Depends on KEG_USE_PROXY: through a proxy on KEG_DOCKER_NETWORK at `<tap>-<branch>.<KEG_PROXY_HOST>`, or by ports; without
 * the proxy, that network is joined only if it is configured.
 * @throws UsageError `proxy-host-invalid`, `value-invalid`
 */
export function routingOf(
  {values}: Pick<OpenTap, 'values'>,
  project: string,
  {image, service}: {readonly image: Pick<ImageDetails, 'Config'> | undefined; readonly service: ComposeService},
): Routing {
  const written = values.text('KEG_PROXY_PORT')
  const port = written === undefined ? undefined : Number(written)
  const network = values.text('KEG_DOCKER_NETWORK') ?? 'keg-hub-net'
  const isNamed = (values.origin('KEG_DOCKER_NETWORK')?.kind ?? 'default') !== 'default'
  if (!values.isOn('KEG_USE_PROXY'))
    return {networks: isNamed ? [network] : [], labels: offLabels(image), url: undefined, port, warning: undefined}
  const target = port ?? likelyPort(service, image)
  const hostName = `${values.text('KEG_PROXY_DOMAIN') ?? project}.${values.text('KEG_PROXY_HOST') ?? 'localhost'}`
  const reach = {networks: [network], labels: {}, url: undefined, port}
  if (target === undefined) return {...reach, warning: 'The port for the proxy is not known: set KEG_PROXY_PORT.'}
  const entry = values.text('KEG_PROXY_ENTRY')
  const labels = proxyLabels({name: project, hostName, port: target, entry, network})
  return {...reach, labels, url: `http://${hostName.toLowerCase()}`, warning: undefined}
}

/** The first TCP port of the compose file, or else of the image. */
function likelyPort(service: ComposeService, image: Pick<ImageDetails, 'Config'> | undefined): number | undefined {
  const ofFile = portsOf(service).find(({protocol}) => protocol === 'tcp')?.target
  return ofFile ?? exposedPorts(image?.Config?.ExposedPorts).find(({protocol}) => protocol === 'tcp')?.port
}

/** The image may come from a container behind a proxy. */
function offLabels(image: Pick<ImageDetails, 'Config'> | undefined): Record<string, string> {
  return image?.Config?.Labels?.['traefik.enable'] === undefined ? {} : {'traefik.enable': 'false'}
}
