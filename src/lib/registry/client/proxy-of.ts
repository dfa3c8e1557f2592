import {BlockList, isIP} from 'node:net'
import {RegistryFailure} from './registry-failure.js'

/**
 * The proxy for an address by HTTP_PROXY, HTTPS_PROXY and NO_PROXY (or in lower case), as Go and so docker's client read them
 * (golang.org/x/net/http/httpproxy): loopback addresses have none, and NO_PROXY lists `*`, hosts with their subdomains,
 * `.subdomains`, IP addresses and ranges, each with or without a port.
 * @throws RegistryFailure `registry-proxy` for a proxy of another kind
 */
export function proxyOf(address: URL, environment: NodeJS.ProcessEnv): URL | undefined {
  const name = address.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const text = variable(name, environment)
  if (text === '' || isLoopback(hostOf(address)) || isExempt(address, variable('NO_PROXY', environment)))
    return undefined
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  // The value is not quoted: it may contain a password.
  if (!URL.canParse(url)) throw new RegistryFailure('registry-proxy', `${name} is not the address of a proxy`)
  const proxy = new URL(url)
  if (proxy.protocol !== 'http:' && proxy.protocol !== 'https:')
    throw new RegistryFailure('registry-proxy', `${name} is a proxy for ${proxy.protocol}// and not for http`)
  return proxy
}

/** Whether a host name or IP address means this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || inRange(host, '127.0.0.0/8') || inRange(host, '::1/128')
}

/** An address's host without port and brackets. */
export function hostOf({hostname}: Pick<URL, 'hostname'>): string {
  return hostname.replace(/^\[(.*)\]$/, '$1')
}

/** Whether an IP address is in a range such as `10.0.0.0/8`; false for a host name. */
export function inRange(host: string, range: string): boolean {
  const [net = '', bits = ''] = range.split('/')
  const family = isIP(host)
  if (family === 0 || isIP(net) !== family || !/^\d{1,3}$/.test(bits)) return false
  if (Number(bits) > (family === 4 ? 32 : 128)) return false
  const list = new BlockList()
  list.addSubnet(net, Number(bits), family === 4 ? 'ipv4' : 'ipv6')
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6')
}

function variable(name: string, environment: NodeJS.ProcessEnv): string {
  return (environment[name] || environment[name.toLowerCase()] || '').trim()
}

function isExempt(address: URL, list: string): boolean {
  const host = hostOf(address)
  const port = address.port === '' ? (address.protocol === 'https:' ? '443' : '80') : address.port
  return list
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => matches(entry, host, port))
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '') return false
  if (entry === '*' || inRange(host, entry)) return true
  const [, name = entry, wantedPort] = /^(.*):(\d+)$/.exec(isIP(entry) === 6 ? '' : entry) ?? []
  if (wantedPort !== undefined && wantedPort !== port) return false
  const bare = name.replace(/^\[(.*)\]$/, '$1').replace(/^\*(?=\.)/, '')
  return bare.startsWith('.') ? host.endsWith(bare) : host === bare || host.endsWith(`.${bare}`)
}
