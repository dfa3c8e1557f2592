import {once} from 'node:events'
import {createServer as createHttpServer} from 'node:http'
import {createServer, type AddressInfo, type Server} from 'node:net'
import {expect} from 'chai'
import {probePort} from '../../../../src/lib/container/port/probe.js'
import {bestUrl} from '../../../../src/lib/container/port/readiness.js'

describe('probePort', () => {
  const never = new AbortController().signal
  const servers: Server[] = []
  async function listening(server: Server): Promise<{host: string; port: number}> {
    servers.push(server.listen(0, '127.0.0.1'))
    await once(server, 'listening')
    return {host: '127.0.0.1', port: (server.address() as AddressInfo).port}
  }
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
  })

  it('detects HTTP, whatever the status', async () => {
    const target = await listening(createHttpServer((_, response) => response.writeHead(503).end()))
    expect(await probePort(target, never)).to.equal('http')
  })

  it('counts a connection dropped at once as closed: docker’s proxy does so while nothing listens behind it', async () => {
    expect(await probePort(await listening(createServer((socket) => socket.destroy())), never)).to.equal('closed')
  })

  it('counts a port where nothing listens as closed', async () => {
    const server = createServer()
    const target = await listening(server)
    server.close()
    await once(server, 'close')
    expect(await probePort(target, never)).to.equal('closed')
  })

  it('detects a protocol other than HTTP', async () => {
    const target = await listening(
      createServer((socket) => void socket.on('error', () => socket.destroy()).end('+OK hello\r\n')),
    )
    expect(await probePort(target, never)).to.equal('other')
  })

  it('detects a silent server', async () => {
    const target = await listening(createServer((socket) => void socket.on('error', () => socket.destroy())))
    expect(await probePort(target, never)).to.equal('silent')
  })

  it('ends with its signal', async () => {
    const target = await listening(createServer((socket) => void socket.on('error', () => socket.destroy())))
    const started = Date.now()
    await probePort(target, AbortSignal.timeout(50))
    expect(Date.now() - started).to.be.below(1000)
  })
})

describe('bestUrl', () => {
  const targets = [1, 2, 3].map((port) => ({host: '127.0.0.1', port}))

  it('prefers a port that answers HTTP to one that only accepts', () => {
    expect(bestUrl(targets, ['other', 'closed', 'http'])).to.equal('http://127.0.0.1:3')
    expect(bestUrl(targets, ['silent', 'https', 'http'])).to.equal('https://127.0.0.1:2')
  })

  it('takes the first that accepts if none answers HTTP, and none if none accepts', () => {
    expect(bestUrl(targets, ['closed', 'other', 'silent'])).to.equal('tcp://127.0.0.1:2')
    expect(bestUrl(targets, ['silent', 'closed', 'closed'])).to.equal('http://127.0.0.1:1')
    expect(bestUrl(targets, ['closed', 'closed', 'closed'])).to.equal(undefined)
  })
})
