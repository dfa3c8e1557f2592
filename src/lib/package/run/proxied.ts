import type {ImageDetails} from '../../engine/types.js'
import {exposedPorts, type PortRequest} from '../../container/port/published-ports.js'
import {proxyLabels} from '../../proxy/proxy-labels.js'
import {branchHostName} from '../../branch/branch-host-name.js'
import {cleanImageName} from '../../reference/image-name.js'
import type {Reference} from '../../reference/reference.js'
import {MAX_TAP_NAME_LENGTH} from '../../reference/tap-name.js'
import {tapProject} from '../../tap-folder/tap-project.js'

/** The proxy for a package. */
export interface ProxyOptions {
  /** Its domain. */
  readonly host: string
  /** The network that it shares with the containers it serves. */
  readonly network: string
  /** Its entrypoint; undefined for its default ones. */
  readonly entry: string | undefined
}

/** How to reach a package through a proxy. */
export interface ProxiedPackage {
  readonly labels: Readonly<Record<string, string>>
  readonly url: string
}

/** A package to be served by a proxy. */
export interface ProxiedOptions {
  readonly proxy: ProxyOptions
  readonly image: Pick<ImageDetails, 'Config'>
  readonly reference: Reference
  /** Name of the container. */
  readonly name: string
  /** The network that it joins. */
  readonly network: string
  /** The values of `-p`. */
  readonly requests: readonly PortRequest[]
}

/**
 * How a proxy serves a package: at `<name>-<branch>.<domain>`, as the developer's tap was.
 * @returns undefined if the port is unknown
 * @throws UsageError `proxy-host-invalid`
 */
export function proxied(options: ProxiedOptions): ProxiedPackage | undefined {
  const {image, name, network, proxy, reference, requests} = options
  const port = portOf(image, requests)
  if (port === undefined) return undefined
  const hostName = `${hostOf(reference, image)}.${proxy.host}`
  return {
    labels: proxyLabels({name, hostName, port, entry: proxy.entry, network}),
    url: `http://${hostName.toLowerCase()}`,
  }
}

/** The branch comes from a stranger, like everything in a label: it is only used as a name. */
function hostOf({digest, repository, tag}: Reference, {Config}: Pick<ImageDetails, 'Config'>): string {
  const name = branchHostName(cleanImageName(repository.slice(repository.lastIndexOf('/') + 1)), MAX_TAP_NAME_LENGTH)
  const branch = Config?.Labels?.['com.keg.package.branch'] || tag
  return tapProject({name, branch: branch ?? digest?.slice(digest.indexOf(':') + 1).slice(0, DIGEST_DIGITS)})
}

const DIGEST_DIGITS = 12

/** The user's port, else the package's own KEG_PROXY_PORT, else the first exposed one. */
function portOf({Config}: Pick<ImageDetails, 'Config'>, requests: readonly PortRequest[]): number | undefined {
  const isTcp = ({protocol}: {readonly protocol: string}): boolean => protocol === 'tcp'
  const written = Config?.Env?.find((variable) => variable.startsWith(PORT_VARIABLE))?.slice(PORT_VARIABLE.length)
  const own = written !== undefined && /^\d{1,5}$/.test(written) ? Number(written) : undefined
  return requests.find(isTcp)?.port ?? own ?? exposedPorts(Config?.ExposedPorts).find(isTcp)?.port
}

const PORT_VARIABLE = 'KEG_PROXY_PORT='
