/** A proxy of a real registry that lets a test see every request, break it off, and change its answer. */
import {once} from 'node:events'
import {Agent, createServer, request as forward, type IncomingMessage} from 'node:http'
import type {AddressInfo, Socket} from 'node:net'
import {buffer} from 'node:stream/consumers'

/** A request as the registry gets it. */
export interface RegistryRequest {
  /** Method and path without the query of an upload: `PATCH /v2/a/b/blobs/uploads/ID`. */
  readonly line: string
  /** 1 for the first with this line. */
  readonly count: number
  /** Of the answer; 0 until there is one. */
  status: number
  /** Bytes of its body so far. */
  bytes: number
}

/** What becomes of a request. */
export interface RegistryWatchers {
  /** Whether the connection ends without an answer, before the registry gets anything. */
  readonly hides?: (request: Pick<IncomingMessage, 'headers'>) => boolean
  /** Before the registry gets it; a promise delays it. */
  readonly arriving?: (request: RegistryRequest) => Promise<void> | void
  /** Whether the connection breaks off once some of its body has been passed on. */
  readonly breaksOff?: (request: RegistryRequest) => boolean
  /** The status of an answer in the registry's place, which gets nothing of the request then. */
  readonly refuses?: (request: RegistryRequest) => number | undefined
  /** Changes the body of an answer, which a real registry never does; undefined passes it on as it is. */
  readonly altered?: (request: RegistryRequest) => ((body: Buffer) => Buffer) | undefined
}

export interface WatchedRegistry {
  /** `host:port`. */
  readonly registry: string
  readonly requests: readonly RegistryRequest[]
  /** Those whose line matches, as lines. */
  lines(pattern?: RegExp): string[]
  /** Bytes of all bodies. */
  bytes(): number
  close(): Promise<void>
}

/** Opens a port of this machine that forwards to a registry. @param registry `host:port` @param port 0 for a free one */
export async function watchRegistry(
  registry: string,
  watchers: RegistryWatchers = {},
  port = 0,
): Promise<WatchedRegistry> {
  const [host, target] = registry.split(':')
  const requests: RegistryRequest[] = []
  const sockets = new Set<Socket>()
  const agent = new Agent()
  const server = createServer((client, answer) => {
    const {headers, method = 'GET', url = '/'} = client
    if (watchers.hides?.(client) === true) {
      client.socket.resetAndDestroy()
      return
    }
    const path = url.replace(/(?<=blobs\/uploads\/)[^?]+/, 'ID')
    const line = `${method} ${/\?mount=/.test(path) ? path : path.replace(/\?.*$/, '')}`
    const count = requests.filter((other) => other.line === line).length + 1
    const request: RegistryRequest = {line, count, status: 0, bytes: 0}
    requests.push(request)
    const handOn = async (): Promise<void> => {
      await watchers.arriving?.(request)
      const refusal = watchers.refuses?.(request)
      if (refusal !== undefined) {
        client.resume()
        answer.writeHead(refusal, {'content-type': 'application/json'}).end('{"errors":[{"code":"DENIED"}]}')
        return
      }
      const onward = forward({agent, host, port: target, headers, method, path: url}, (response) => {
        request.status = response.statusCode ?? 0
        const alter = watchers.altered?.(request)
        if (alter === undefined) {
          answer.writeHead(request.status, response.headers)
          response.pipe(answer)
          return
        }
        const sendAltered = async (): Promise<void> => {
          const body = alter(await buffer(response))
          answer.writeHead(request.status, {...response.headers, 'content-length': body.length}).end(body)
        }
        sendAltered().catch(() => answer.destroy())
      })
      onward.on('error', () => answer.destroy())
      client.on('close', () => (client.complete ? undefined : onward.destroy()))
      for await (const chunk of client as AsyncIterable<Buffer>) {
        request.bytes += chunk.length
        if (!onward.write(chunk)) await once(onward, 'drain')
        if (watchers.breaksOff?.(request) === true) {
          client.socket.resetAndDestroy()
          onward.destroy()
          return
        }
      }
      onward.end()
    }
    handOn().catch(() => answer.destroy())
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    registry: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    lines: (pattern = /./) => requests.map(({line}) => line).filter((line) => pattern.test(line)),
    bytes: () => requests.reduce((sum, {bytes}) => sum + bytes, 0),
    async close() {
      for (const socket of sockets) socket.destroy()
      // An answer that nobody reads would keep its connection, and this process.
      agent.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
