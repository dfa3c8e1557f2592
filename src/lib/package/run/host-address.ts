import {BlockList, isIP, isIPv4} from 'node:net'
import {networkInterfaces} from 'node:os'
import type {Engine} from '../../engine/engine.js'

/** Addresses that a stranger's package must not put in a container's /etc/hosts, and why. */
const HOST_ADDRESSES: readonly {readonly subnet: string; readonly bits: number; readonly what: string}[] = [
  // Link-local: the machine's own link, and where clouds hand out a machine's credentials.
  {subnet: '169.254.0.0', bits: 16, what: 'link-local (RFC 3927), metadata of a cloud'},
  {subnet: 'fe80::', bits: 10, what: 'link-local (RFC 4291)'},
  {subnet: 'fd00:ec2::254', bits: 128, what: 'metadata of Amazon EC2'},
  {subnet: '100.100.100.200', bits: 32, what: 'metadata of Alibaba Cloud'},
  {subnet: '168.63.129.16', bits: 32, what: 'the host of an Azure machine'},
  // The machine itself, as containers of desktops and rootless engines see it.
  {subnet: '192.168.65.0', bits: 24, what: 'Docker Desktop'},
  {subnet: '192.168.5.2', bits: 32, what: 'Lima and Colima'},
  {subnet: '192.168.127.254', bits: 32, what: 'podman machine (gvproxy)'},
  {subnet: '10.0.2.2', bits: 32, what: 'slirp4netns, VirtualBox'},
  {subnet: '172.17.0.1', bits: 32, what: "docker's default bridge"},
]

const blocked = new BlockList()
for (const {bits, subnet} of HOST_ADDRESSES) blocked.addSubnet(subnet, bits, isIPv4(subnet) ? 'ipv4' : 'ipv6')

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addSubnet('0.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')
loopback.addAddress('::', 'ipv6')

/**
 * Whether an address does not belong to the machine that a container runs on. A container can reach any address without a name
 * for it, so a name grants no right; but a name meant for the developer's machine must not lead to the reviewer's without asking.
 * Loopback is the container's own, with its own network.
 * @param hostAddresses the known addresses of the machine
 */
export function isElsewhere(address: string, hostAddresses: ReadonlySet<string>): boolean {
  if (isIP(address) === 0) return false
  const plain = plainAddress(address)
  const family = isIPv4(plain) ? 'ipv4' : 'ipv6'
  return loopback.check(plain, family) || (!blocked.check(plain, family) && !hostAddresses.has(plain))
}

/** Addresses of this machine, of the engine's, and of the bridges through which containers reach the latter. */
export async function findHostAddresses(engine: Engine): Promise<ReadonlySet<string>> {
  const here = Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({address}) => address))
  const bridges = (await engine.networks()).flatMap(({IPAM}) => IPAM?.Config ?? [])
  const gateways = bridges.flatMap(({Gateway}) => (Gateway === undefined ? [] : [Gateway.replace(/\/.*$/, '')]))
  const {endpoint} = engine
  const there = endpoint.kind === 'tcp' || endpoint.kind === 'ssh' ? [endpoint.host] : []
  return new Set([...here, ...gateways, ...there].filter((address) => isIP(address) !== 0).map(plainAddress))
}

/** An address in its shortest form; an IPv4 address written as IPv6 (`::ffff:10.0.0.1`) becomes IPv4. */
function plainAddress(address: string): string {
  if (isIPv4(address)) return address
  const {hostname} = new URL(`http://[${address.replace(/%.*$/, '')}]/`)
  const short = hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short)
  if (mapped === null) return short
  const [high, low] = [parseInt(mapped[1] ?? '', 16), parseInt(mapped[2] ?? '', 16)]
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}
