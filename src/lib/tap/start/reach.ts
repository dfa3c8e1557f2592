import {exposedPorts} from '../../port/published-ports.js'
import type {ImageDetails} from '../../engine/types.js'
import {proxyLabels} from '../../proxy/proxy-labels.js'
import {portsOf, type ComposeService} from '../compose/compose-model.js'
import type {OpenTap} from '../open-tap.js'
import type {TapNames} from '../tap-names.js'

/** How a tap is reached. */
export interface Reach {
  /** Networks that its container joins besides its own. */
  readonly networks: readonly string[]
  /** Labels for the proxy. */
  readonly labels: Readonly<Record<string, string>>
  /** What a browser opens behind the proxy; undefined without one. */
  readonly url: string | undefined
  /** Port in the container that the app listens on; undefined where nobody says. */
  readonly port: number | undefined
  /** Why it is not reached as it should be. */
  readonly warning: string | undefined
}

/**
 * By KEG_USE_PROXY: through a proxy on KEG_DOCKER_NETWORK at `<tap>-<branch>.<KEG_PROXY_HOST>`, or else by ports; then that network is
 * joined only where somebody names it.
 * @throws UsageError `proxy-host-invalid`, `value-invalid`
 */
export function reachOf(
  {values}: Pick<OpenTap, 'values'>,
  names: TapNames,
  {image, service}: {readonly image: Pick<ImageDetails, 'Config'> | undefined; readonly service: ComposeService},
): Reach {
  const written = values.text('KEG_PROXY_PORT')
  const port = written === undefined ? undefined : Number(written)
  const network = values.text('KEG_DOCKER_NETWORK') ?? 'keg-hub-net'
  const isNamed = (values.origin('KEG_DOCKER_NETWORK')?.kind ?? 'default') !== 'default'
  if (!values.isOn('KEG_USE_PROXY'))
    return {networks: isNamed ? [network] : [], labels: offLabels(image), url: undefined, port, warning: undefined}
  const target = port ?? likelyPort(service, image)
  const hostName = `${values.text('KEG_PROXY_DOMAIN') ?? names.host}.${values.text('KEG_PROXY_HOST') ?? 'localhost'}`
  const reach = {networks: [network], labels: {}, url: undefined, port}
  if (target === undefined)
    return {...reach, warning: 'Nothing says at which port the proxy reaches the app: set KEG_PROXY_PORT.'}
  const entry = values.text('KEG_PROXY_ENTRY')
  const labels = proxyLabels({name: names.project, hostName, port: target, entry, network})
  return {...reach, labels, url: `http://${hostName.toLowerCase()}`, warning: undefined}
}

/** The first TCP port of the compose file, else of the image. */
function likelyPort(service: ComposeService, image: Pick<ImageDetails, 'Config'> | undefined): number | undefined {
  const ofFile = portsOf(service).find(({protocol}) => protocol === 'tcp')?.target
  return ofFile ?? exposedPorts(image?.Config?.ExposedPorts).find(({protocol}) => protocol === 'tcp')?.port
}

/** An image may have been made of a container behind a proxy. */
function offLabels(image: Pick<ImageDetails, 'Config'> | undefined): Record<string, string> {
  return image?.Config?.Labels?.['traefik.enable'] === undefined ? {} : {'traefik.enable': 'false'}
}
