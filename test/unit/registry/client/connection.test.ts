import {expect} from 'chai'
import {execFile} from 'node:child_process'
import {once} from 'node:events'
import {mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {createServer, request as httpRequest, type IncomingMessage} from 'node:http'
import {connect, createServer as createTcpServer, type AddressInfo, type Socket} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {parseReference} from '../../../../src/lib/reference/reference.js'
import type {RegistryClient} from '../../../../src/lib/registry/client/registry-client.js'
import {trustedCertificates} from '../../../../src/lib/registry/client/trusted-certificates.js'
import type {FailureKind} from '../../../../src/lib/registry/failure-kind.js'
import {registryError} from '../../../../src/lib/registry/registry-error.js'
import {thrown} from '../../../support/thrown.js'
import {asDigest, clientOf, failureOf, impatient, type ClientParts} from './client.js'
import {digestOf, MemoryRegistry, refuse, type MemoryOptions} from './memory-registry.js'

const digest = asDigest(digestOf('x'))
/** An address of this machine that is none of loopback by its name. */
const elsewhere = '0.0.0.0'

describe('a connection to a registry', () => {
  let folder: string
  let tls: {cert: Buffer; key: Buffer}
  let certificate: string
  let open: {stop(): Promise<void>}[]
  let clients: RegistryClient[]

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keg-test-tls-'))
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const subject = ['-subj', '/CN=keg', '-addext', `subjectAltName=IP:${elsewhere},IP:127.0.0.1`, '-days', '2']
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key]
    await promisify(execFile)('openssl', ['req', '-x509', ...newKey, ...subject, '-out', cert])
    tls = {cert: await readFile(cert), key: await readFile(key)}
    certificate = cert
  })
  after(() => rm(folder, {recursive: true}))
  beforeEach(() => {
    open = []
    clients = []
  })
  afterEach(async () => {
    for (const client of clients) client[Symbol.dispose]()
    await Promise.all(open.map((each) => each.stop()))
  })

  async function started(options: MemoryOptions = {}): Promise<MemoryRegistry> {
    const registry = await MemoryRegistry.start(options)
    open.push(registry)
    return registry
  }

  function client(registry: string, parts: ClientParts = {}): RegistryClient {
    const made = clientOf(registry, parts)
    clients.push(made)
    return made
  }

  async function kindOf(registry: string, parts: ClientParts = {}): Promise<FailureKind> {
    return (await failureOf(client(registry, parts).blobs.head(digest))).kind
  }

  it('is kept for the next request', async () => {
    const registry = await started()
    let connections = 0
    registry.server.on('connection', () => connections++)
    const own = client(registry.registry)
    for (let times = 0; times < 4; times++) expect(await own.manifests.get(digest)).to.equal(undefined)
    // The first is greeted with TLS.
    expect(connections).to.equal(2)
  })

  describe('with or without TLS', () => {
    it('is plain on loopback, where the engine allows it, or when asked, and only then', async () => {
      const {registry: near} = await started()
      expect(await client(near).blobs.head(digest)).to.equal(undefined)
      const {registry: far} = await started({host: elsewhere})
      expect(await kindOf(far)).to.equal('registry-insecure')
      const info = {RegistryConfig: {InsecureRegistryCIDRs: ['0.0.0.0/32']}}
      expect(await client(far, {info}).blobs.head(digest)).to.equal(undefined)
      expect(await client(far, {plainHttp: true}).blobs.head(digest)).to.equal(undefined)
    })

    it('is TLS where the registry has it, though plain is allowed, with any certificate', async () => {
      const registry = await started({tls})
      expect(await client(registry.registry).blobs.head(digest)).to.equal(undefined)
      expect(registry.count(/^HEAD/)).to.equal(1)
    })

    it('trusts the usual authorities, and those in SSL_CERT_FILE and NODE_EXTRA_CA_CERTS', async () => {
      const {registry} = await started({tls, host: elsewhere})
      expect(await kindOf(registry)).to.equal('registry-certificate')
      for (const name of ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'])
        expect(await client(registry, {environment: {[name]: certificate}}).blobs.head(digest)).to.equal(undefined)
    })

    it('finds the authorities and the client’s certificate in the folder of docker', async () => {
      const own = join(folder, 'r.example:5000')
      await mkdir(own)
      const files = {'ca.crt': 'A', 'more.crt': 'B', 'client.cert': 'C', 'client.key': 'D', 'other.cert': 'E', x: 'F'}
      for (const [name, text] of Object.entries(files)) await writeFile(join(own, name), text)
      const environment = {SSL_CERT_FILE: join(folder, 'none')}
      const found = await trustedCertificates('r.example:5000', environment, folder)
      expect(found.ca?.slice(-2).sort()).to.deep.equal(['A', 'B'])
      expect(found).to.include({cert: 'C', key: 'D'})
      expect(await trustedCertificates('r.example', environment, folder)).to.deep.equal({})
    })

    it('never leads from TLS to none', async () => {
      const plain = await started()
      const registry = await started({tls})
      const location = `http://${plain.registry}/v2/a/b/blobs/x`
      registry.instead = (line, request, response) => {
        if (!line.includes('/a/b/')) return false
        request.resume()
        response.writeHead(line.startsWith('POST') ? 202 : 307, {location}).end()
        return true
      }
      const own = client(registry.registry)
      expect(await failureOf(own.blobs.head(digest))).to.have.property('kind', 'registry-insecure')
      const upload = own.blobs.upload({digest, size: 1, open: () => [Buffer.from('x')]})
      expect(await failureOf(upload)).to.have.property('kind', 'registry-insecure')
      registry.instead = (line, request, response) => {
        if (!line.includes('/a/b/')) return false
        request.resume()
        response.setHeader('www-authenticate', `Bearer realm="http://${plain.registry}/token"`)
        refuse(response, 401, 'UNAUTHORIZED')
        return true
      }
      expect(await failureOf(client(registry.registry).blobs.head(digest))).to.have.property(
        'kind',
        'registry-insecure',
      )
      expect(plain.lines).to.deep.equal([])
    })
  })

  describe('that is redirected', () => {
    it('reads from another host, which gets no password', async () => {
      const registry = await started()
      const other = await started()
      const authorization = `Basic ${Buffer.from('ann:s').toString('base64')}`
      other.instead = (_, request, response) => {
        response.end(request.headers.authorization ?? 'x')
        return true
      }
      registry.instead = (line, request, response) => {
        if (!line.includes('/a/b/')) return false
        if (request.headers.authorization === authorization)
          response.writeHead(307, {location: `http://${other.registry}/blob?sig=1`}).end()
        else response.writeHead(401, {'www-authenticate': 'Basic realm="x"'}).end()
        return true
      }
      const own = client(registry.registry, {
        credentials: {kind: 'password', username: 'ann', secret: 's', origin: 'x'},
      })
      let read = ''
      for await (const chunk of own.blobs.read({digest, size: 1})) read += chunk.toString()
      expect(read).to.equal('x')
      expect(other.lines).to.deep.equal(['GET /blob?sig=1'])
    })

    it('is not redirected forever', async () => {
      const registry = await started()
      registry.instead = (line, _, response) => {
        if (!line.includes('/a/b/')) return false
        response.writeHead(302, {location: '/v2/a/b/again'}).end()
        return true
      }
      expect(await kindOf(registry.registry)).to.equal('not-a-registry')
      expect(registry.count(/again/)).to.equal(5)
    })

    it('sends an upload again where it is redirected to', async () => {
      const registry = await started()
      registry.instead = (line, request, response) => {
        if (!line.startsWith('PUT') || line.includes('moved')) return false
        request.resume()
        response.writeHead(307, {location: `${request.url}&moved=1`}).end()
        return true
      }
      await client(registry.registry).blobs.upload({digest, size: 1, open: () => [Buffer.from('x')]})
      expect(registry.blobs.has(digest)).to.equal(true)
    })
  })

  describe('through a proxy', () => {
    let asked: {line: string; authorization: string | undefined}[]

    /** A real proxy, which connects to wherever it is asked. */
    async function proxy(refusal?: number): Promise<string> {
      asked = []
      const sockets = new Set<Socket>()
      const note = ({headers, method, url}: IncomingMessage): unknown =>
        asked.push({line: `${method} ${url}`, authorization: headers['proxy-authorization']})
      const server = createServer((request, response) => {
        note(request)
        const {headers, method, url} = request
        if (refusal !== undefined) return response.writeHead(refusal).end()
        return httpRequest(url ?? '', {method, headers}, (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers)
          answer.pipe(response)
        }).end()
      })
      server.on('connect', (request: IncomingMessage, socket: Socket) => {
        note(request)
        if (refusal !== undefined) return socket.end(`HTTP/1.1 ${refusal} No\r\n\r\n`)
        const [host, port] = (request.url ?? '').split(':')
        const onward = connect(Number(port), host, () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n')
          onward.pipe(socket).pipe(onward)
        })
        sockets.add(onward).add(socket)
        for (const each of [onward, socket]) each.on('error', () => each.destroy())
        return onward
      })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      open.push({
        async stop() {
          for (const socket of sockets) socket.destroy()
          server.closeAllConnections()
          server.close()
          await once(server, 'close')
        },
      })
      return `127.0.0.1:${(server.address() as AddressInfo).port}`
    }

    it('has a tunnel for TLS, with the password of the proxy', async () => {
      const {registry} = await started({tls, host: elsewhere})
      const environment = {HTTPS_PROXY: `http://bob:p%40ss@${await proxy()}`, SSL_CERT_FILE: certificate}
      const own = client(registry, {environment})
      expect(await own.manifests.get(digest)).to.equal(undefined)
      expect(await own.manifests.get(digest)).to.equal(undefined)
      const authorization = `Basic ${Buffer.from('bob:p@ss').toString('base64')}`
      expect(asked).to.deep.equal([{line: `CONNECT ${registry}`, authorization}])
    })

    it('asks the proxy for the whole address without TLS', async () => {
      const {registry} = await started({host: elsewhere})
      const environment = {HTTP_PROXY: `http://bob:pass@${await proxy()}`}
      expect(await client(registry, {environment, plainHttp: true}).blobs.head(digest)).to.equal(undefined)
      const authorization = `Basic ${Buffer.from('bob:pass').toString('base64')}`
      expect(asked).to.deep.equal([{line: `HEAD http://${registry}/v2/a/b/blobs/${digest}`, authorization}])
    })

    it('fails if the proxy refuses, is not there, or does not answer', async () => {
      const {registry} = await started({tls, host: elsewhere})
      for (const status of [403, 407]) {
        const environment = {HTTPS_PROXY: `http://bob:s3cret@${await proxy(status)}`}
        const failure = await failureOf(client(registry, {environment}).blobs.head(digest))
        expect(failure.kind, String(status)).to.equal('registry-proxy')
        expect(failure.message).to.contain(String(status)).and.not.to.contain('s3cret')
      }
      expect(await kindOf(registry, {environment: {HTTPS_PROXY: 'http://127.0.0.1:1'}})).to.equal('registry-proxy')
      const silent = createTcpServer((socket) => socket.resume()).listen(0, '127.0.0.1')
      await once(silent, 'listening')
      const {port} = silent.address() as AddressInfo
      const environment = {HTTPS_PROXY: `http://127.0.0.1:${port}`}
      const limits = {connectMilliseconds: 200, tries: 1}
      expect(await kindOf(registry, {environment, limits})).to.match(/^registry-(?:proxy|unreachable)$/)
      silent.close()
    })
  })

  describe('that fails', () => {
    it('tries again what may pass, and waits as long as it is asked to', async () => {
      const registry = await started()
      for (const [status, tries] of [
        [429, 3],
        [408, 3],
        [500, 3],
        [503, 3],
        [400, 1],
        [403, 1],
        [501, 1],
      ] as const) {
        registry.lines.length = 0
        registry.instead = (line, _, response) => {
          if (!line.includes('/a/b/')) return false
          refuse(response, status, 'UNKNOWN')
          return true
        }
        await failureOf(client(registry.registry).blobs.head(digest))
        expect(registry.count(/^HEAD/), String(status)).to.equal(tries)
      }
      registry.lines.length = 0
      registry.instead = (line, _, response) => {
        if (registry.count(/^HEAD/) !== 1 || line.includes('/v2/ ')) return false
        response.writeHead(429, {'retry-after': '1'}).end()
        return true
      }
      const startedAt = performance.now()
      expect(await client(registry.registry).blobs.head(digest)).to.equal(undefined)
      expect(performance.now() - startedAt).to.be.at.least(990)
    })

    it('does not wait for long', async () => {
      const registry = await started()
      registry.instead = (_, __, response) => {
        response.writeHead(429, {'retry-after': '86400'}).end()
        return true
      }
      expect(await kindOf(registry.registry)).to.equal('registry-busy')
    })

    it('breaks off, and is there again', async () => {
      const registry = await started()
      let broken = 0
      registry.instead = (line, request) => {
        if (!line.includes('/a/b/') || ++broken > 2) return false
        request.socket.destroy()
        return true
      }
      expect(await client(registry.registry).blobs.head(digest)).to.equal(undefined)
      broken = -9
      registry.instead = (_, request) => {
        request.socket.destroy()
        return true
      }
      expect(await kindOf(registry.registry)).to.equal('registry-broke-off')
    })

    it('is named by what failed', async () => {
      const gone = await started()
      await gone.stop()
      expect(await kindOf(gone.registry)).to.equal('registry-unreachable')
      expect(await kindOf('nowhere.invalid:5000')).to.equal('registry-unreachable')
      const registry = await started()
      const reference = parseReference(`${registry.registry}/a/b:x`)
      const blob = {digest, size: 1, open: () => [Buffer.from('x')]}
      for (const [status, code, kind] of [
        [401, 'UNAUTHORIZED', 'registry-unauthorized'],
        [403, 'DENIED', 'registry-denied'],
        [404, 'NAME_UNKNOWN', 'repository-missing'],
        [404, undefined, 'repository-missing'],
        [400, 'NAME_INVALID', 'repository-name-refused'],
        [405, 'UNSUPPORTED', 'registry-read-only'],
        [413, undefined, 'registry-too-large'],
        [429, 'TOOMANYREQUESTS', 'registry-busy'],
        [502, undefined, 'registry-unreachable'],
        [507, undefined, 'registry-full'],
        [500, 'UNKNOWN', 'registry-failed'],
        [418, undefined, 'registry-failed'],
      ] as const) {
        registry.instead = (line, request, response) => {
          if (!line.includes('/a/b/')) return false
          request.resume()
          if (code === undefined) response.writeHead(status, {'content-type': 'text/html'}).end('<html>')
          else refuse(response, status, code)
          return true
        }
        const failure = await failureOf(client(registry.registry).blobs.upload(blob))
        expect(failure.kind, `${status} ${code ?? 'page'}`).to.equal(kind)
        const told = registryError(failure, {action: 'push', reference, credentials: {kind: 'anonymous'}})
        expect(told).to.include({code: kind}).and.to.have.property('hint').that.does.not.contain('kept in the engine')
        expect(told).to.have.property('message').that.does.not.contain('the engine')
      }
    })

    it('ends at once when aborted while it waits', async () => {
      const registry = await started()
      const reason = new Error('enough')
      for (const retry of [{}, {'retry-after': '20'}]) {
        registry.instead = (line, _, response) => {
          if (!line.includes('/a/b/')) return false
          if ('retry-after' in retry) response.writeHead(429, retry).end()
          return true
        }
        const controller = new AbortController()
        setTimeout(() => controller.abort(reason), 80)
        const startedAt = performance.now()
        const limits = {answerMilliseconds: 20_000, totalDelayMilliseconds: 60_000}
        const own = client(registry.registry, {signal: controller.signal, limits})
        expect(await thrown(own.blobs.head(digest))).to.equal(reason)
        expect(performance.now() - startedAt).to.be.below(15_000)
      }
    })
  })

  describe('to something hostile', () => {
    /** A server that sends text to whoever connects, piece by piece. */
    async function talking(text: string, {piece = text.length, milliseconds = 0} = {}): Promise<string> {
      const sockets = new Set<Socket>()
      const hostile = createTcpServer((socket) => {
        sockets.add(socket)
        socket.on('error', () => undefined)
        socket.once('data', (data) => {
          // Not TLS.
          if (data[0] === 22) return socket.destroy()
          let at = 0
          const send = (): void => {
            if (socket.destroyed || at >= text.length) return
            socket.write(text.slice(at, (at += piece)))
            if (milliseconds > 0) setTimeout(send, milliseconds)
            else setImmediate(send)
          }
          send()
        })
      }).listen(0, '127.0.0.1')
      await once(hostile, 'listening')
      open.push({
        async stop() {
          for (const socket of sockets) socket.destroy()
          hostile.close()
          await once(hostile, 'close')
        },
      })
      return `127.0.0.1:${(hostile.address() as AddressInfo).port}`
    }

    it('accepts only HTTP, with headers of a sane length', async () => {
      for (const text of [
        'SSH-2.0-OpenSSH\r\n',
        `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`,
        `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(20_000)}\r\n`,
        'HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n',
      ])
        expect(await kindOf(await talking(text)), text.slice(0, 60)).to.equal('not-a-registry')
    })

    it('waits no longer than it should for headers that come byte by byte, or not at all', async () => {
      // Byte by byte, they take longer than this test may.
      const slow = await talking(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(10_000)}`, {piece: 1, milliseconds: 30})
      const limits = {...impatient, tries: 1}
      expect(await kindOf(slow, {limits})).to.equal('registry-unreachable')
      expect(await kindOf(await talking(''), {limits})).to.equal('registry-unreachable')
    })

    it('makes its messages printable', async () => {
      const registry = await started()
      registry.instead = (line, _, response) => {
        if (!line.includes('/a/b/')) return false
        refuse(response, 403, 'DENIED', 'no\u001b[2J\u202e')
        return true
      }
      const {message} = await failureOf(client(registry.registry).manifests.get(digest))
      expect(message).to.equal('denied: no?[2J?')
    })
  })
})
