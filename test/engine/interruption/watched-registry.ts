/** A proxy of a real registry that lets a test see and delay every request. */
import {once} from 'node:events'
import {Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse} from 'node:http'
import type {AddressInfo, Socket} from 'node:net'

/** What a test does at a request, `METHOD PATH`; a promise delays the request or its response. */
export interface RegistryWatchers {
  /** Before the registry gets it. */
  arriving?: (line: string) => Promise<void> | void
  /** When this many bytes of its body are sent. */
  sending?: (line: string, bytes: number) => void
  /** When the registry has responded, before the engine knows. */
  answered?: (line: string) => Promise<void> | void
}

/**
 * Opens a port of the loopback address that forwards to a registry. While the registry is down, connections to the port end.
 * @param watchers read at every request, so that they can be changed later
 */
export async function watchRegistry(
  registry: string,
  watchers: () => RegistryWatchers,
): Promise<{readonly address: string; close(): Promise<void>}> {
  const [host, port] = registry.split(':')
  const sockets = new Set<Socket>()
  // A kept connection might be to a registry that was killed since.
  const agent = new Agent({keepAlive: false})

  const handOn = async (client: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const {headers, method = 'GET', url = '/'} = client
    const line = `${method} ${url.replace(/\?.*/, '')}`
    await watchers().arriving?.(line)
    const upstream = httpRequest({host, port, agent, method, path: url, headers})
    upstream.on('error', () => client.socket.destroy())
    answer.on('close', () => upstream.destroy())
    upstream.on('response', (response) => {
      const pass = async (): Promise<void> => {
        await watchers().answered?.(line)
        answer.writeHead(response.statusCode ?? 500, response.headers)
        response.on('error', () => client.socket.destroy()).pipe(answer)
      }
      pass().catch(() => client.socket.destroy())
    })
    let bytes = 0
    client.on('data', (chunk: Buffer) => watchers().sending?.(line, (bytes += chunk.length)))
    client.on('error', () => upstream.destroy()).pipe(upstream)
  }
  const server = createServer((client, answer) => {
    handOn(client, answer).catch(() => client.socket.destroy())
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
