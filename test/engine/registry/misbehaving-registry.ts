/** Stand-ins for registries that fail in ways a real one cannot be brought to. */
import {once} from 'node:events'
import {createServer as createHttpServer} from 'node:http'
import {connect, createServer, type AddressInfo, type Server, type Socket} from 'node:net'
import {setTimeout} from 'node:timers/promises'

export interface StandIn {
  /** `host:port`. */
  readonly registry: string
  /** Ends it and every connection to it. */
  close(): Promise<void>
}

async function listening(server: Server, sockets: Set<Socket>, more: () => void = () => undefined): Promise<StandIn> {
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    registry: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      more()
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A registry that answers everything but the greeting with one status and error (distribution-spec, error codes). */
export function refusingRegistry(status: number, code: string): Promise<StandIn> {
  const server = createHttpServer((request, response) => {
    request.resume()
    const isGreeting = request.url === '/v2/'
    response.writeHead(isGreeting ? 200 : status, {'content-type': 'application/json'})
    response.end(JSON.stringify(isGreeting ? {} : {errors: [{code, message: 'no'}]}))
  })
  return listening(server, new Set())
}

/** Where a proxy breaks off. */
export interface Cut {
  /** What a connection carries beyond this many bytes breaks it off. */
  readonly bytes: number
  /** Whether what is sent to the registry is counted, or what it answers. */
  readonly direction: 'up' | 'down'
  /** How many connections are broken off before all others are let through. */
  readonly times?: number
}

export interface ProxyOptions {
  /** Where the real registry is, `host:port`. */
  readonly registry: string
  readonly cut?: Cut
  /** Waits after each chunk (of 64 kB), which makes the way slow enough to be watched. */
  readonly pauseMilliseconds?: number
}

/** A way to a real registry that is slow or breaks off in the middle. */
export async function proxy(options: ProxyOptions): Promise<StandIn & {cuts(): number}> {
  const {registry, cut, pauseMilliseconds = 0} = options
  const [host, port] = registry.split(':')
  const times = cut === undefined ? 0 : (cut.times ?? Number.POSITIVE_INFINITY)
  const upstreams = new Set<Socket>()
  let cuts = 0
  const server = createServer((client) => {
    const upstream = connect(Number(port), host)
    upstreams.add(upstream)
    upstream.on('error', () => undefined).on('close', () => upstreams.delete(upstream))
    const pass = async (from: Socket, to: Socket, direction: Cut['direction']): Promise<void> => {
      let passed = 0
      for await (const chunk of from as AsyncIterable<Buffer>) {
        passed += chunk.length
        if (cuts < times && cut?.direction === direction && passed > cut.bytes) {
          cuts++
          client.resetAndDestroy()
          break
        }
        if (to.destroyed) break
        if (!to.write(chunk)) await once(to, 'drain')
        if (pauseMilliseconds > 0) await setTimeout(pauseMilliseconds)
      }
    }
    const end = (): void => {
      client.destroy()
      upstream.destroy()
    }
    pass(client, upstream, 'up').then(end, end)
    pass(upstream, client, 'down').then(end, end)
  })
  const standIn = await listening(server, new Set(), () => {
    for (const upstream of upstreams) upstream.destroy()
  })
  return {...standIn, cuts: () => cuts}
}
