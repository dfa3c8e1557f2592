import {randomInt} from 'node:crypto'
import {setTimeout as sleep} from 'node:timers/promises'
import {findProgram, run} from './process.js'
import {SetupError} from './setup-error.js'

/** Rarely used private networks (RFC 1918); each is divided between the bridge and docker's further networks. */
const prefixes = [
  ...Array.from({length: 32}, (_, index) => `10.${224 + index}`),
  ...Array.from({length: 12}, (_, index) => `172.${20 + index}`),
]

/**
 * Creates a network bridge whose addresses no other network of the machine uses, also when others do so at the same moment.
 * `removeBridge` removes it.
 *
 * @param {string} bridge an unused name of at most 15 characters
 * @returns {Promise<{bridge: string, pool: {base: string, size: number}}>} the pool is for docker's further networks
 * @throws {SetupError} if every network is in use
 */
export async function addBridge(bridge) {
  await run('ip', ['link', 'add', bridge, 'type', 'bridge'])
  await run('ip', ['link', 'set', bridge, 'up'])
  const candidates = [...prefixes]
  while (candidates.length > 0) {
    const [prefix = ''] = candidates.splice(randomInt(candidates.length), 1)
    const others = await otherNetworks(bridge)
    if (others.some((other) => overlaps(other, `${prefix}.0.0/16`))) continue
    const address = `${prefix}.0.1/17`
    await run('ip', ['address', 'add', address, 'dev', bridge])
    // Whoever took the same one at the same moment sees this bridge by now, and the other way round.
    await sleep(50)
    if (!(await otherNetworks(bridge)).some((other) => overlaps(other, `${prefix}.0.0/16`))) {
      await acceptForwarding('-I', `${prefix}.0.0/16`)
      return {bridge, pool: {base: `${prefix}.128.0/17`, size: 24}}
    }
    await run('ip', ['address', 'del', address, 'dev', bridge])
  }
  throw new SetupError('Every private network that an engine of its own could take is in use on this machine.', 1)
}

/**
 * @param {string} bridge made by `addBridge`, or of a network of the same engine; a missing one is no error
 */
export async function removeBridge(bridge) {
  const {stdout} = await run('ip', ['-4', '-oneline', 'address', 'show', 'dev', bridge], {mayFail: true})
  const prefix = /inet (\d+\.\d+)\.0\.1\/17/.exec(stdout)?.[1]
  await run('ip', ['link', 'delete', bridge], {mayFail: true})
  if (prefix !== undefined) await acceptForwarding('-D', `${prefix}.0.0/16`)
}

/**
 * If the machine's firewall drops forwarded packets by default (another engine sets that), containers on one bridge do not
 * reach each other.
 *
 * @param {'-I' | '-D'} action
 * @param {string} network
 */
async function acceptForwarding(action, network) {
  if ((await findProgram('iptables')) === undefined) return
  const rule = ['--source', network, '--destination', network, '--jump', 'ACCEPT']
  await run('iptables', ['--wait', action, 'FORWARD', ...rule], {mayFail: true})
}

/**
 * @param {string} bridge
 * @returns {Promise<string[]>} the IPv4 networks of other interfaces, as ADDRESS/BITS
 */
async function otherNetworks(bridge) {
  const {stdout} = await run('ip', ['-4', '-oneline', 'address', 'show'])
  const addresses = stdout.split('\n').filter((line) => !line.includes(` ${bridge} `))
  const routes = (await run('ip', ['-4', 'route', 'show', 'table', 'all'])).stdout.split('\n')
  const foreign = routes.filter((line) => !line.includes(` dev ${bridge} `))
  return [
    ...addresses.map((line) => / inet (\S+)/.exec(line)?.[1]),
    ...foreign.map((line) => /^(\d+\.\d+\.\d+\.\d+(?:\/\d+)?) /.exec(line)?.[1]),
  ].filter((network) => network !== undefined)
}

/**
 * Whether two IPv4 networks share an address.
 *
 * @param {string} one ADDRESS/BITS; without bits it is one address
 * @param {string} other
 * @returns {boolean}
 */
export function overlaps(one, other) {
  const [first, second] = [one, other].map((network) => {
    const [address = '', bits = '32'] = network.split('/')
    const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
    return {number, bits: Number(bits)}
  })
  if (first === undefined || second === undefined) return false
  const size = 2 ** (32 - Math.min(first.bits, second.bits))
  return Math.floor(first.number / size) === Math.floor(second.number / size)
}
