/** A proxy of the real engine that lets a test see and delay every request. */
import {once} from 'node:events'
import {mkdtemp, rm} from 'node:fs/promises'
import {Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse} from 'node:http'
import {connect, type Socket} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {Transform} from 'node:stream'
import {buffer} from 'node:stream/consumers'
import {findEndpoint} from '../../../src/lib/engine/endpoint.js'
import {docker} from '../../support/docker.js'

/** A request as the engine gets it. */
export interface EngineRequest {
  /** 0 for the first. */
  readonly index: number
  /** Method and path without version and query: `POST /containers/<id>/pause`. */
  readonly line: string
  readonly query: URLSearchParams
}

/** The response that replaces the engine's. */
export interface InsteadAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: object
}

/** What a test does at a request; a promise delays the request or its response. */
export interface Watchers {
  /** Before the engine gets it. */
  readonly arriving?: (request: EngineRequest) => Promise<void> | void
  /** Responds in place of the engine; with undefined the engine gets the request. */
  readonly instead?: (request: EngineRequest) => InsteadAnswer | undefined
  /** When the engine has responded, before the client knows. */
  readonly answered?: (request: EngineRequest) => Promise<void> | void
  /** Changes the body of a response; undefined passes it on unchanged. */
  readonly altered?: (request: EngineRequest) => ((body: Buffer) => Promise<Buffer>) | undefined
}

export interface WatchedEngine {
  /** The DOCKER_HOST with which a client uses the proxy. */
  readonly host: string
  readonly requests: readonly EngineRequest[]
  /** The ids of runs of keg whose containers and images were made through the proxy. */
  readonly runs: ReadonlySet<string>
  /** From now on nobody listens here, as if the engine were killed. */
  hangUp(): void
  close(): Promise<void>
}

/** Opens a socket that forwards to the tests' engine. */
export async function watchEngine(watchers: Watchers = {}): Promise<WatchedEngine> {
  const endpoint = await findEndpoint(process.env)
  const engine = endpoint.kind === 'socket' ? {socketPath: endpoint.path} : {host: endpoint.host, port: endpoint.port}
  const folder = await mkdtemp(join(tmpdir(), 'keg-test-engine-'))
  const path = join(folder, 'docker.sock')
  const requests: EngineRequest[] = []
  const runs = new Set<string>()
  const sockets = new Set<Socket>()
  const agent = new Agent()

  const handOn = async (client: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const {headers, method = 'GET', url = '/'} = client
    const request = {index: requests.length, ...partsOf(method, url)}
    requests.push(request)
    await watchers.arriving?.(request)
    // A client that was killed meanwhile makes no request any more.
    if (answer.destroyed) return
    const instead = watchers.instead?.(request)
    if (instead !== undefined) {
      client.resume()
      answer.writeHead(instead.status, {'content-type': 'application/json', ...instead.headers})
      answer.end(instead.body && JSON.stringify(instead.body))
      return
    }
    // The engine may close the connection after its response, before the request is ended here.
    const upstream = httpRequest({...engine, agent, method, path: url, headers: {...headers, connection: 'keep-alive'}})
    upstream.on('error', () => answer.destroy())
    // A client that disconnects early disconnects from the engine too.
    answer.on('close', () => upstream.destroy())
    client.on('error', () => upstream.destroy())
    upstream.on('response', (response) => {
      const pass = async (): Promise<void> => {
        await watchers.answered?.(request)
        const alter = watchers.altered?.(request)
        if (alter !== undefined && response.statusCode === 200) {
          const body = await alter(await buffer(response))
          answer.writeHead(200, {'content-type': response.headers['content-type'] ?? '', 'content-length': body.length})
          answer.end(body)
          return
        }
        answer.writeHead(response.statusCode ?? 500, response.headers)
        answer.flushHeaders()
        response.on('error', () => answer.destroy()).pipe(answer)
      }
      pass().catch(() => answer.destroy())
    })
    client.pipe(findRuns(runs)).pipe(upstream)
  }
  const server = createServer((client, answer) => {
    handOn(client, answer).catch(() => answer.destroy())
  })
  // As an engine, which keeps connections however long they are idle.
  server.keepAliveTimeout = 0
  // The streams of an exec: after the response both sides send at any time (docker API, "Stream transport").
  const handOver = async (client: IncomingMessage, socket: Socket, head: Buffer): Promise<void> => {
    const {method = 'POST', rawHeaders, url = '/'} = client
    const request = {index: requests.length, ...partsOf(method, url)}
    requests.push(request)
    await watchers.arriving?.(request)
    const upstream = connect(
      endpoint.kind === 'socket' ? {path: endpoint.path} : {host: endpoint.host, port: endpoint.port ?? 2375},
    )
    const lines = rawHeaders.flatMap((name, index) =>
      index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1] ?? ''}`] : [],
    )
    upstream.write([`${method} ${url} HTTP/1.1`, ...lines, '', ''].join('\r\n'))
    upstream.write(head)
    sockets.add(upstream)
    upstream.on('error', () => socket.destroy()).on('close', () => sockets.delete(upstream))
    socket.on('close', () => upstream.destroy())
    socket.pipe(upstream).pipe(socket)
  }
  server.on('upgrade', (client, socket: Socket, head: Buffer) => {
    handOver(client, socket, head).catch(() => socket.destroy())
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
  })
  server.listen(path)
  await once(server, 'listening')
  const closed = once(server, 'close')
  const hangUp = (): void => {
    server.close()
    for (const socket of sockets) socket.destroy()
    // Responses that nobody read would keep the process alive.
    agent.destroy()
  }
  return {
    host: `unix://${path}`,
    requests,
    runs,
    hangUp,
    async close() {
      hangUp()
      await closed
      await rm(folder, {force: true, recursive: true})
    },
  }
}

function partsOf(method: string, url: string): Pick<EngineRequest, 'line' | 'query'> {
  const [path = '', query] = url.replace(/^\/v\d+\.\d+(?=\/)/, '').split('?')
  return {line: `${method} ${path}`, query: new URLSearchParams(query)}
}

/** Existing containers and images of these runs, a line for each: `container ID`, `image ID NAME:TAG`. */
export async function madeBy({runs}: WatchedEngine): Promise<string[]> {
  const found: string[] = []
  for (const run of runs) {
    const filter = ['--all', '--no-trunc', '--filter', `label=com.keg.run=${run}`]
    const containers = await docker(['ps', ...filter, '--format', 'container {{.ID}}'])
    const images = await docker(['images', ...filter, '--format', 'image {{.ID}} {{.Repository}}:{{.Tag}}'])
    found.push(...`${containers}\n${images}`.split('\n').filter((line) => line !== ''))
  }
  return found
}

/** Removes whatever is left of these killed runs. */
export async function removeMadeBy({runs}: Pick<WatchedEngine, 'runs'>): Promise<void> {
  for (const run of runs) {
    const filter = ['--all', '--quiet', '--no-trunc', '--filter', `label=com.keg.run=${run}`]
    for (const [list, remove] of [
      ['ps', ['rm', '--force', '--volumes']],
      ['images', ['image', 'rm', '--force']],
    ] as const) {
      const found = (await docker([list, ...filter])).split('\n').filter((id) => id !== '')
      // An image has a line for each of its names; another test of these runs may have removed it.
      for (const id of new Set(found)) await docker([...remove, id]).catch(() => undefined)
    }
  }
}

/** Whether a container runs, and whether it is paused: `running false` and so on. */
export async function stateOf(container: string): Promise<string> {
  return docker(['inspect', '--format', '{{.State.Status}} {{.State.Paused}}', container])
}

/** Passes on its input, and collects the ids of runs in labels, in JSON bodies and in archives of images. */
function findRuns(runs: Set<string>): Transform {
  let tail = ''
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const text = tail + chunk.toString('latin1')
      for (const [, run] of text.matchAll(/"com\.keg\.run":"([0-9a-f-]{36})"/g)) if (run !== undefined) runs.add(run)
      tail = text.slice(-80)
      done(null, chunk)
    },
  })
}
