import type {ImageDetails} from '../../engine/types.js'
import {exposedPorts, type PortRequest} from '../../port/published-ports.js'
import {proxyLabels} from '../../proxy/proxy-labels.js'
import {branchHostName} from '../../reference/branch-host-name.js'
import {cleanImageName} from '../../reference/image-name.js'
import type {Reference} from '../../reference/reference.js'
import {tapNames} from '../../tap/tap-names.js'

/** The proxy that is to serve a package. */
export interface ProxyWishes {
  /** Its domain. */
  readonly host: string
  /** The network that it shares with what it serves. */
  readonly network: string
  /** Its entrypoint; undefined for those that it takes by default. */
  readonly entry: string | undefined
}

/** How a package is reached through a proxy. */
export interface ProxiedPackage {
  readonly labels: Readonly<Record<string, string>>
  readonly url: string
}

/** A package that a proxy is to serve. */
export interface ProxiedOptions {
  readonly proxy: ProxyWishes
  readonly image: Pick<ImageDetails, 'Config'>
  readonly reference: Reference
  /** Name of the container. */
  readonly name: string
  /** The network that it joins. */
  readonly network: string
  /** What `-p` says. */
  readonly requests: readonly PortRequest[]
}

/**
 * How a proxy serves a package: at `<name>-<branch>.<domain>`, as its tap was for whoever made it.
 * @returns undefined where nothing says at which port
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

/** The branch is a stranger's word, as all that a label says: it only names. */
function hostOf({digest, repository, tag}: Reference, {Config}: Pick<ImageDetails, 'Config'>): string {
  const name = branchHostName(cleanImageName(repository.slice(repository.lastIndexOf('/') + 1)))
  const branch = Config?.Labels?.['com.keg.package.branch'] || tag
  return tapNames({name, branch: branch ?? digest?.slice(digest.indexOf(':') + 1).slice(0, DIGEST_DIGITS)}).host
}

const DIGEST_DIGITS = 12

/** What the user says, else what the package's own KEG_PROXY_PORT does, else the first that is exposed. */
function portOf({Config}: Pick<ImageDetails, 'Config'>, requests: readonly PortRequest[]): number | undefined {
  const isTcp = ({protocol}: {readonly protocol: string}): boolean => protocol === 'tcp'
  const written = Config?.Env?.find((variable) => variable.startsWith(PORT_VARIABLE))?.slice(PORT_VARIABLE.length)
  const own = written !== undefined && /^\d{1,5}$/.test(written) ? Number(written) : undefined
  return requests.find(isTcp)?.port ?? own ?? exposedPorts(Config?.ExposedPorts).find(isTcp)?.port
}

const PORT_VARIABLE = 'KEG_PROXY_PORT='
