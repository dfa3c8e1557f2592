import {expect} from 'chai'
import {once} from 'node:events'
import {createServer, type RequestListener, type Server} from 'node:http'
import {createServer as createTcpServer, type AddressInfo} from 'node:net'
import {reachRegistry} from '../../../../src/lib/registry/client/reach-registry.js'
import type {RegistryFailure} from '../../../../src/lib/registry/client/registry-failure.js'
import {thrown} from '../../../support/thrown.js'

/** An address of this machine that is none of loopback by its name. */
const elsewhere = '0.0.0.0'

describe('reaching a registry', () => {
  let open: {close(): unknown}[]
  beforeEach(() => {
    open = []
  })
  afterEach(() => {
    for (const server of open) server.close()
  })

  async function addressOf(server: Server | ReturnType<typeof createTcpServer>, host = '127.0.0.1'): Promise<string> {
    open.push(server.listen(0, host))
    await once(server, 'listening')
    return `${host}:${(server.address() as AddressInfo).port}`
  }

  const answering = (status: number, seen: string[] = []): RequestListener => {
    return ({headers, method, url}, response) => {
      seen.push(`${method} ${url} ${headers.authorization ?? '-'}`)
      response.writeHead(status, {'www-authenticate': 'Basic realm="x"'}).end()
    }
  }

  function reach(
    registry: string,
    environment: NodeJS.ProcessEnv = {},
    {milliseconds = 5000, signal = new AbortController().signal} = {},
  ): Promise<RegistryFailure | undefined> {
    return reachRegistry({environment, signal}, {registry, info: {}, milliseconds})
  }

  it('succeeds with any answer, without credentials', async () => {
    for (const status of [200, 401, 403, 404, 503]) {
      const seen: string[] = []
      expect(await reach(await addressOf(createServer(answering(status, seen)))), String(status)).to.equal(undefined)
      expect(seen).to.deep.equal(['GET /v2/ -'])
    }
  })

  it('fails if nobody listens, and if there is no such host', async () => {
    expect(await reach('127.0.0.1:1')).to.include({kind: 'registry-unreachable'})
    expect(await reach('nowhere.invalid')).to.include({kind: 'registry-unreachable'})
  })

  it('fails without TLS where the engine requires it', async () => {
    const registry = await addressOf(createServer(answering(200)), elsewhere)
    expect(await reach(registry)).to.include({kind: 'registry-insecure'})
  })

  it('fails through a proxy that refuses', async () => {
    const proxy = createServer(answering(407)).on('connect', (_, socket) => {
      socket.on('error', () => undefined).end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
    })
    const HTTPS_PROXY = `http://${await addressOf(proxy)}`
    expect(await reach('r.example', {HTTPS_PROXY})).to.include({kind: 'registry-proxy'})
    const info = {RegistryConfig: {InsecureRegistryCIDRs: ['10.0.0.0/8']}}
    const {signal} = new AbortController()
    const plain = {registry: '10.0.0.1:5000', info, milliseconds: 5000}
    // Nobody is there with TLS, which is tried first.
    const tunnel = createTcpServer((socket) => socket.destroy())
    const environment = {HTTP_PROXY: HTTPS_PROXY, HTTPS_PROXY: `http://${await addressOf(tunnel)}`}
    expect(await reachRegistry({environment, signal}, plain)).to.include({kind: 'registry-proxy'})
  })

  it('takes no longer than it may, and ends at once with its signal', async () => {
    const registry = await addressOf(createServer(() => undefined))
    expect(await reach(registry, {}, {milliseconds: 100})).to.include({
      kind: 'registry-unreachable',
      response: 'no answer within 0.1 s: timed out',
    })
    const stop = new AbortController()
    const reason = new Error('enough')
    setTimeout(() => stop.abort(reason), 50)
    expect(await thrown(reach(registry, {}, {signal: stop.signal}))).to.equal(reason)
  })
})
