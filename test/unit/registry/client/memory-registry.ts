/** A registry in memory that behaves by the specification until it is told to misbehave. */
import {createHash, randomUUID} from 'node:crypto'
import {once} from 'node:events'
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http'
import {createServer as createTlsServer} from 'node:https'
import type {AddressInfo} from 'node:net'

/** Answers in place of the registry; returns whether it did. */
export type Instead = (line: string, request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>

export interface MemoryOptions {
  /** Default: 127.0.0.1. */
  readonly host?: string
  readonly tls?: {readonly cert: string | Buffer; readonly key: string | Buffer}
}

export class MemoryRegistry {
  /** `METHOD PATH` of each request, the ids of uploads as `ID`. */
  readonly lines: string[] = []
  readonly headers: IncomingMessage['headers'][] = []
  readonly blobs = new Map<string, Buffer>()
  readonly manifests = new Map<string, {type: string; bytes: Buffer}>()
  readonly uploads = new Map<string, Buffer>()
  instead: Instead = () => false

  private constructor(
    readonly server: Server,
    readonly registry: string,
  ) {}

  static async start({host = '127.0.0.1', tls}: MemoryOptions = {}): Promise<MemoryRegistry> {
    const server = tls === undefined ? createServer() : createTlsServer(tls)
    server.listen(0, host)
    await once(server, 'listening')
    const found = new MemoryRegistry(server, `${host}:${(server.address() as AddressInfo).port}`)
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      found.#answer(request, response).catch(() => response.destroy())
    })
    return found
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections()
    if (!this.server.listening) return
    this.server.close()
    await once(this.server, 'close')
  }

  count(line: string | RegExp): number {
    return this.lines.filter((each) => (typeof line === 'string' ? each === line : line.test(each))).length
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const {method = '', url = ''} = request
    const line = `${method} ${url.replace(/(?<=uploads\/)[0-9a-f-]{36}/, 'ID')}`
    this.lines.push(line)
    this.headers.push(request.headers)
    if (await this.instead(line, request, response)) return
    const address = new URL(url, 'http://registry')
    const [, , rest = ''] = /^\/v2\/(\w+\/\w+)\/(.*)$/.exec(address.pathname) ?? []
    const id = /^blobs\/uploads\/([0-9a-f-]{36})$/.exec(rest)?.[1]
    if (rest === 'blobs/uploads/' && method === 'POST') {
      this.#begin(address, response)
      return
    }
    if (id !== undefined) return this.#upload(id, address, request, response)
    if (rest.startsWith('blobs/')) {
      this.#blob(rest.slice('blobs/'.length), request, response)
      return
    }
    if (rest.startsWith('manifests/')) return this.#manifest(rest.slice('manifests/'.length), request, response)
    response.writeHead(method === 'GET' && url === '/v2/' ? 200 : 404).end()
  }

  #begin(address: URL, response: ServerResponse): void {
    const mounted = address.searchParams.get('mount')
    if (mounted !== null && this.blobs.has(mounted)) {
      response.writeHead(201, {location: `/v2/a/b/blobs/${mounted}`}).end()
      return
    }
    const id = randomUUID()
    this.uploads.set(id, Buffer.alloc(0))
    this.#accept(id, response)
  }

  async #upload(id: string, address: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const held = this.uploads.get(id)
    if (held === undefined) {
      refuse(response, 404, 'BLOB_UPLOAD_UNKNOWN')
      return
    }
    if (request.method === 'DELETE') {
      this.uploads.delete(id)
      response.writeHead(204).end()
      return
    }
    if (request.method === 'GET') {
      this.#accept(id, response, 204)
      return
    }
    const start = /^(\d+)-/.exec(request.headers['content-range'] ?? '')?.[1]
    if (start !== undefined && Number(start) !== held.length) {
      this.#accept(id, response, 416)
      return
    }
    const parts = [held]
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) parts.push(chunk)
    } finally {
      this.uploads.set(id, Buffer.concat(parts))
    }
    if (request.method === 'PATCH') {
      this.#accept(id, response)
      return
    }
    const bytes = this.uploads.get(id) ?? Buffer.alloc(0)
    const digest = address.searchParams.get('digest') ?? ''
    if (digest !== digestOf(bytes)) {
      refuse(response, 400, 'DIGEST_INVALID')
      return
    }
    this.uploads.delete(id)
    this.blobs.set(digest, bytes)
    response.writeHead(201, {'docker-content-digest': digest, location: `/v2/a/b/blobs/${digest}`}).end()
  }

  #accept(id: string, response: ServerResponse, status = 202): void {
    const length = this.uploads.get(id)?.length ?? 0
    const location = `/v2/a/b/blobs/uploads/${id}?_state=s%2Fs%3D`
    response.writeHead(status, {location, range: `0-${Math.max(0, length - 1)}`}).end()
  }

  #blob(digest: string, {headers, method}: IncomingMessage, response: ServerResponse): void {
    const bytes = this.blobs.get(digest)
    if (bytes === undefined) {
      refuse(response, 404, 'BLOB_UNKNOWN')
      return
    }
    const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0)
    const range = {'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}`}
    const length = {'content-length': bytes.length - start, 'docker-content-digest': digest}
    response.writeHead(start > 0 ? 206 : 200, {...length, ...(start > 0 && range)})
    response.end(method === 'HEAD' ? undefined : bytes.subarray(start))
  }

  async #manifest(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'PUT') {
      const chunks: Buffer[] = []
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
      const bytes = Buffer.concat(chunks)
      const stored = {type: request.headers['content-type'] ?? '', bytes}
      this.manifests.set(name, stored).set(digestOf(bytes), stored)
      response.writeHead(201, {'docker-content-digest': digestOf(bytes)}).end()
      return
    }
    const found = this.manifests.get(name)
    if (found === undefined) {
      refuse(response, 404, 'MANIFEST_UNKNOWN')
      return
    }
    const headers = {'content-type': found.type, 'docker-content-digest': digestOf(found.bytes)}
    response.writeHead(200, {...headers, 'content-length': found.bytes.length})
    response.end(request.method === 'HEAD' ? undefined : found.bytes)
  }
}

/** An error of a registry. */
export function refuse(response: ServerResponse, status: number, code: string, message = 'no'): void {
  response.writeHead(status, {'content-type': 'application/json'}).end(JSON.stringify({errors: [{code, message}]}))
}

export function digestOf(bytes: Buffer | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
