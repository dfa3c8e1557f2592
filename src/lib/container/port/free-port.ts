import {createSocket} from 'node:dgram'
import {connect, createServer} from 'node:net'
import type {Protocol} from './published-ports.js'

/** `localhost` can be either, so a port is free only if both are. */
const LOOPBACK = ['127.0.0.1', '::1'] as const

/** On other systems than Linux, a loopback address can be bound even if the port is taken on all addresses, so test that too. */
const EVERYWHERE = ['0.0.0.0', '::'] as const

const CONNECT_MILLISECONDS = 500

/**
 * Whether any process on this host uses a port, tested by binding it briefly. A port that this user cannot bind (below 1024)
 * counts as taken if something answers there.
 */
export async function isPortTaken(port: number, protocol: Protocol): Promise<boolean> {
  const addresses = process.platform === 'linux' ? LOOPBACK : [...LOOPBACK, ...EVERYWHERE]
  for (const address of addresses) {
    const problem = protocol === 'udp' ? await bindUdp(address, port) : await listenTcp(address, port)
    if (problem === 'EADDRINUSE') return true
    if (problem === 'EACCES' && protocol !== 'udp' && (await answers(address, port))) return true
  }
  return false
}

/** Tries to listen. @returns the error's code, undefined if the port was free. */
function listenTcp(address: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    server.listen({host: address, port, exclusive: true, ipv6Only: true}, () => server.close(() => resolve(undefined)))
  })
}

function bindUdp(address: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket({type: address.includes(':') ? 'udp6' : 'udp4', ipv6Only: address.includes(':')})
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close()
      resolve(error.code)
    })
    socket.bind({address, port, exclusive: true}, () => socket.close(() => resolve(undefined)))
  })
}

function answers(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({host: address, port, timeout: CONNECT_MILLISECONDS})
    const end = (answered: boolean): void => {
      socket.destroy()
      resolve(answered)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
  })
}
