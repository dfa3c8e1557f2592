/** Stand-ins for registries that fail in ways a real one does not. */
import {once} from 'node:events'
import {createServer as createHttpServer, request as forward, type RequestListener} from 'node:http'
import {createServer as createHttpsServer} from 'node:https'
import {connect, createServer, type AddressInfo, type Server, type Socket} from 'node:net'
import {setTimeout} from 'node:timers/promises'

export interface StandIn {
  /** `host:port`. */
  readonly registry: string
  /** Closes it and every connection to it. */
  close(): Promise<void>
}

async function listening(
  server: Server,
  sockets: Set<Socket>,
  {more = () => undefined, host = '127.0.0.1'}: {more?: () => void; host?: string | undefined} = {},
): Promise<StandIn> {
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
  })
  server.listen(0, host)
  await once(server, 'listening')
  return {
    registry: `${host}:${(server.address() as AddressInfo).port}`,
    async close() {
      more()
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/**
 * A registry that answers everything but the greeting with one status and error (distribution-spec, error codes), or with a
 * page if there is no code, as proxies of registries do.
 */
export function refusingRegistry(
  status: number,
  code: string | undefined,
  {host, tls}: {host?: string | undefined; tls?: {cert: Buffer; key: Buffer}} = {},
): Promise<StandIn> {
  const answer: RequestListener = (request, response) => {
    request.resume()
    const isGreeting = request.url === '/v2/'
    const isPage = !isGreeting && code === undefined
    response.writeHead(isGreeting ? 200 : status, {'content-type': isPage ? 'text/html' : 'application/json'})
    if (isPage) response.end(`<html><head><title>${status}</title></head></html>`)
    else response.end(JSON.stringify(isGreeting ? {} : {errors: [{code, message: 'no'}]}))
  }
  const server = tls === undefined ? createHttpServer(answer) : createHttpsServer(tls, answer)
  return listening(server, new Set(), {host})
}

/**
 * A real registry behind a server that accepts everything but manifests, or but one tag: it answers them with an error until it
 * is told to accept them.
 */
export async function manifestRefusingRegistry(
  registry: string,
  {
    code,
    message,
    status,
    tag = '',
  }: {readonly status: number; readonly code: string; readonly message: string; readonly tag?: string},
): Promise<StandIn & {allow(): void}> {
  const [host, port] = registry.split(':')
  let isAllowed = false
  const server = createHttpServer((request, response) => {
    const {headers, method, url} = request
    if (!isAllowed && method === 'PUT' && url?.includes(`/manifests/${tag}`) === true) {
      request.resume()
      response.writeHead(status, {'content-type': 'application/json'}).end(JSON.stringify({errors: [{code, message}]}))
      return
    }
    const onward = forward({host, port, headers, method, path: url}, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  })
  const standIn = await listening(server, new Set())
  return {...standIn, allow: () => (isAllowed = true)}
}

/** A registry that requires a password and repeats in each error what it was sent (as a hostile or careless one would). */
export function echoingRegistry(status = 403): Promise<StandIn> {
  const server = createHttpServer((request, response) => {
    const {authorization} = request.headers
    request.resume()
    if (authorization === undefined) {
      const challenge = {'www-authenticate': 'Basic realm="keg"', 'content-type': 'application/json'}
      response.writeHead(401, challenge).end(JSON.stringify({errors: [{code: 'UNAUTHORIZED', message: 'who?'}]}))
      return
    }
    const sent = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString('utf8')
    const isGreeting = request.url === '/v2/'
    const errors = [{code: 'DENIED', message: `you said ${authorization} which is ${sent}`, detail: sent}]
    // Responses to HEAD have no text; when it finds nothing, the engine makes another request.
    const answer = isGreeting ? 200 : request.method === 'HEAD' ? 404 : status
    response.writeHead(answer, {'content-type': 'application/json'})
    response.end(JSON.stringify(isGreeting ? {} : {errors}))
  })
  return listening(server, new Set())
}

/** Where a proxy breaks off. */
export interface Cut {
  /** A connection breaks off after this many bytes. */
  readonly bytes: number
  /** Whether bytes to the registry are counted, or bytes from it. */
  readonly direction: 'up' | 'down'
  /** How many connections break off before all others pass. */
  readonly times?: number
}

export interface ProxyOptions {
  /** Address of the real registry, `host:port`. */
  readonly registry: string
  readonly cut?: Cut
  /** Pause after each chunk (of 64 kB), which makes the connection slow enough to be watched. */
  readonly pauseMilliseconds?: number
}

/** A proxy of a real registry that is slow or breaks off midway. `sent` is the number of bytes sent to the registry. */
export async function proxy(options: ProxyOptions): Promise<StandIn & {cuts(): number; sent(): number}> {
  const {registry, cut, pauseMilliseconds = 0} = options
  const [host, port] = registry.split(':')
  const times = cut === undefined ? 0 : (cut.times ?? Number.POSITIVE_INFINITY)
  const upstreams = new Set<Socket>()
  let cuts = 0
  let sent = 0
  const server = createServer((client) => {
    const upstream = connect(Number(port), host)
    upstreams.add(upstream)
    upstream.on('error', () => undefined).on('close', () => upstreams.delete(upstream))
    const pass = async (from: Socket, to: Socket, direction: Cut['direction']): Promise<void> => {
      let passed = 0
      for await (const chunk of from as AsyncIterable<Buffer>) {
        passed += chunk.length
        if (direction === 'up') sent += chunk.length
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
  const standIn = await listening(server, new Set(), {
    more: () => {
      for (const upstream of upstreams) upstream.destroy()
    },
  })
  return {...standIn, cuts: () => cuts, sent: () => sent}
}
