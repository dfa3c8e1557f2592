import {once} from 'node:events'
import {connect, type Socket} from 'node:net'
import {connect as connectTls} from 'node:tls'

/** What a port does: `silent` accepts and says nothing, as slow web servers do; `other` answers, but not with HTTP. */
export type PortAnswer = 'closed' | 'silent' | 'other' | 'http' | 'https'

/** An address that can be connected to from this machine. */
export interface ProbeTarget {
  readonly host: string
  readonly port: number
}

/** Docker's proxy accepts a connection even if nothing listens in the container, and drops it within this time. */
const PROXY_DROP_MILLISECONDS = 150

const ANSWER_MILLISECONDS = 2000

const MAX_STATUS_LENGTH = 1024

class SilentError extends Error {}

/**
 * Probes a TCP port once: does the connection stay open, and does it speak HTTP or HTTPS? Any HTTP status counts.
 * @param signal ends the probe; the port then counts as closed.
 */
export async function probePort(target: ProbeTarget, signal: AbortSignal): Promise<PortAnswer> {
  // An answer makes a separate connection test unnecessary.
  const status = (await withSocket(target, signal, (socket) => firstLine(socket, target))) ?? ''
  if (status === 'silent') return 'silent'
  if (/^HTTP\/1\.[01] (?!400)\d{3}/.test(status)) return 'http'
  if (status === '' && (await withSocket(target, signal, (socket) => stays(socket))) !== true) return 'closed'
  // A TLS server answers plain HTTP with 400, or not at all.
  if (await speaksTls(target, signal)) return 'https'
  return status.startsWith('HTTP/') ? 'http' : 'other'
}

async function withSocket<T>(
  {host, port}: ProbeTarget,
  signal: AbortSignal,
  use: (socket: Socket) => Promise<T>,
): Promise<T | undefined> {
  const socket = connect({host, port, timeout: ANSWER_MILLISECONDS})
  const stop = (): void => void socket.destroy(new SilentError())
  // Node 20 never removes the listener of its own `signal` option, and this is called many times.
  signal.addEventListener('abort', stop, {once: true})
  socket.on('timeout', stop)
  try {
    signal.throwIfAborted()
    await once(socket, 'connect')
    return await use(socket)
  } catch {
    return undefined
  } finally {
    signal.removeEventListener('abort', stop)
    socket.on('error', () => undefined)
    socket.destroy()
  }
}

/** Whether a connection stays open for a moment, or receives data at once. */
function stays(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(true), PROXY_DROP_MILLISECONDS)
    const end = (isAlive: boolean): void => {
      clearTimeout(timer)
      resolve(isAlive)
    }
    socket.once('data', () => end(true))
    for (const event of ['end', 'error', 'close']) socket.once(event, () => end(false))
  })
}

/** The first line of the answer to a plain HTTP request; empty if the connection ends without one. */
async function firstLine(socket: Socket, {host, port}: ProbeTarget): Promise<string> {
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}:${port}\r\nUser-Agent: keg\r\nAccept: */*\r\nConnection: close\r\n\r\n`)
  let text = ''
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      text += chunk.toString('latin1')
      if (text.includes('\r\n') || text.length > MAX_STATUS_LENGTH) break
    }
  } catch (error) {
    if (error instanceof SilentError && text === '') return 'silent'
  }
  return text.split('\r\n', 1)[0] ?? ''
}

/** Whether a TLS handshake succeeds; ignores the certificate, because nothing is sent. */
async function speaksTls({host, port}: ProbeTarget, signal: AbortSignal): Promise<boolean> {
  const socket = connectTls({host, port, rejectUnauthorized: false, timeout: ANSWER_MILLISECONDS})
  const stop = (): void => void socket.destroy()
  socket.on('timeout', stop)
  signal.addEventListener('abort', stop, {once: true})
  try {
    await once(socket, 'secureConnect')
    return true
  } catch {
    return false
  } finally {
    signal.removeEventListener('abort', stop)
    socket.on('error', () => undefined)
    socket.destroy()
  }
}
