import {expect} from 'chai'
import {once} from 'node:events'
import {createServer, get, type IncomingMessage, type RequestListener, type Server} from 'node:http'
import type {AddressInfo, Socket} from 'node:net'
import {text} from 'node:stream/consumers'
import {setTimeout as sleep} from 'node:timers/promises'
import {engineAgent, type EngineAgent} from '../../../src/lib/engine/engine-agent.js'

describe('the connections to an engine', () => {
  let server: Server
  let connections: EngineAgent

  /** Listens, and returns how to ask it. */
  async function serve(listener: RequestListener, idleMilliseconds: number): Promise<() => Promise<string>> {
    server = createServer(listener).listen(0, '127.0.0.1')
    // As an engine, which ends none that is idle.
    server.keepAliveTimeout = 0
    await once(server, 'listening')
    const {port} = server.address() as AddressInfo
    const address = {kind: 'tcp', host: '127.0.0.1', port, origin: 'a test', selection: {}} as const
    connections = await engineAgent(address, {}, {idleMilliseconds})
    return async () => {
      const asked = get({agent: connections.agent, host: '127.0.0.1', port})
      const [answer] = (await once(asked, 'response')) as [IncomingMessage]
      return text(answer)
    }
  }

  afterEach(async () => {
    await connections.close()
    server.closeAllConnections()
    server.close()
  })

  it('are used again', async () => {
    const sockets = new Set<Socket>()
    const ask = await serve(({socket}, response) => {
      sockets.add(socket)
      response.end('x')
    }, 60_000)
    for (let count = 0; count < 3; count++) await ask()
    expect(sockets.size).to.equal(1)
  })

  it('are ended when they are idle, before anyone else can end them at the next request', async () => {
    const sockets: Socket[] = []
    const ask = await serve(({socket}, response) => {
      sockets.push(socket)
      response.end('x')
    }, 50)
    await ask()
    await once(sockets[0]!, 'close')
    expect(await ask()).to.equal('x')
    expect(new Set(sockets).size).to.equal(2)
  })

  it('are kept while an answer takes longer than that', async () => {
    const ask = await serve((_, response) => {
      response.write('first, ')
      void sleep(200).then(() => response.end('last'))
    }, 50)
    expect(await ask()).to.equal('first, last')
  })
})
