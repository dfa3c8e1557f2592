import {expect} from 'chai'
import {once} from 'node:events'
import {copyFile, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {createServer as createPlainServer, type AddressInfo, type Server} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createServer as createTlsServer} from 'node:tls'
import {makeCertificates} from '../../../scripts/setup/certificates.js'
import {startOwnEngine, type OwnEngine} from '../../../scripts/setup/own-engine.js'
import {run} from '../../../scripts/setup/process.js'
import {Engine} from '../../../src/lib/engine/engine.js'
import {engineAgent} from '../../../src/lib/engine/engine-agent.js'
import {engineError} from '../../../src/lib/engine/engine-error.js'
import {KegError} from '../../../src/lib/error/keg-error.js'
import {baseImage, docker, dockerStream, uniqueName} from '../../support/docker.js'
import {keg} from '../../support/keg.js'
import {thrown} from '../../support/thrown.js'
import {packageJson} from '../package/packaging.js'
import {Configurations, execWithInput} from './ways.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'

describe('an engine by TLS @classic', function () {
  this.timeout(180_000)

  const configurations = new Configurations()
  let engine: OwnEngine
  let tls: {host: string; certificates: string}
  /** Certificates of an authority unknown to the engine. */
  let others: Awaited<ReturnType<typeof makeCertificates>>
  let folder: string
  let servers: Server[]

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keg-test-tls-'))
    others = await makeCertificates(folder)
    engine = await startOwnEngine({kind: 'classic', tls: true})
    if (engine.tls === undefined) throw new Error('an engine without TLS')
    tls = engine.tls
  })

  beforeEach(() => {
    servers = []
  })

  afterEach(async () => {
    for (const server of servers) await new Promise((resolve) => server.close(resolve))
  })

  after(async () => {
    await engine.stop()
    await configurations.clean()
    await rm(folder, {recursive: true, force: true})
  })

  const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
    ...process.env,
    DOCKER_CERT_PATH: tls.certificates,
    DOCKER_HOST: tls.host,
    DOCKER_TLS_VERIFY: '1',
    ...more,
  })

  /** A folder with the client's files, some of them replaced. */
  async function certificates(replaced: Record<string, string>): Promise<string> {
    const target = await mkdtemp(join(folder, 'client-'))
    for (const name of ['ca.pem', 'cert.pem', 'key.pem'])
      await copyFile(join(tls.certificates, name), join(target, name))
    for (const [name, file] of Object.entries(replaced)) await copyFile(file, join(target, name))
    return target
  }

  async function listening(server: Server, host: string): Promise<string> {
    servers.push(server)
    server.listen(0, host)
    await once(server, 'listening')
    return `tcp://${host}:${(server.address() as AddressInfo).port}`
  }

  async function refusal(more: NodeJS.ProcessEnv): Promise<KegError> {
    const error = await thrown(Engine.connect(environment(more)))
    if (!(error instanceof KegError)) throw error
    expect(error).to.include({code: 'engine-tls', exitCode: 4})
    expect(error.hint).to.match(/\w/)
    return error
  }

  it('packages and pushes its container through the environment, and runs the package through a context', async () => {
    const here = {DOCKER_HOST: engine.host}
    const chunks: Buffer[] = []
    for await (const chunk of dockerStream(['save', baseImage])) chunks.push(chunk)
    await docker(['load'], {environment: here, input: Buffer.concat(chunks)})
    const fill = 'head -c 20000000 /dev/urandom >/data/big; echo own >/own; sleep 1000'
    const start = ['run', '--detach', '--pull', 'never', '-v', '/data', baseImage, 'sh', '-c', fill]
    const container = await docker(start, {environment: here})
    await docker(['exec', container, 'sh', '-c', 'until [ -s /own ]; do sleep 0.1; done'], {environment: here})
    const reference = `${openRegistry}/keg/${uniqueName('tls')}:dev`
    const {DOCKER_CERT_PATH, DOCKER_HOST, DOCKER_TLS_VERIFY} = environment()
    const packaged = packageJson(
      await keg(['docker', 'package', container, '--json', '--yes', '-t', reference], {
        env: {DOCKER_CERT_PATH, DOCKER_HOST, DOCKER_TLS_VERIFY},
      }),
    )
    expect(packaged).to.include({pushed: true, reference, via: 'registry', viaReason: null})
    await using connected = await Engine.connect(environment())
    expect(await execWithInput(connected, container, Buffer.alloc(1_000_000))).to.equal('1000000\nread\n5')

    const files = ['ca', 'cert', 'key'].map((name) => `${name}=${join(tls.certificates, `${name}.pem`)}`)
    const DOCKER_CONFIG = await configurations.withContext('secure', [`host=${tls.host}`, ...files].join(','))
    const show = ['sh', '-c', 'cat /own; sha256sum </data/big; exit 7']
    const result = await keg(['docker', 'package', 'run', '-c', 'secure', packaged.pinned ?? '', '--', ...show], {
      env: {DOCKER_CONFIG},
    })
    const sum = await docker(['exec', container, 'sh', '-c', 'sha256sum </data/big'], {environment: here})
    expect(result, result.stderr).to.include({code: 7, stdout: `own\n${sum}\n`})
  })

  it('is not trusted with a certificate of another authority, unless verification is off', async () => {
    const DOCKER_CERT_PATH = await certificates({'ca.pem': others.authority})
    expect((await refusal({DOCKER_CERT_PATH})).message).to.include('not signed by the authority of ca.pem')
    const careless = environment({DOCKER_CERT_PATH, DOCKER_TLS: '1', DOCKER_TLS_VERIFY: undefined})
    await using connected = await Engine.connect(careless)
    expect(connected.version).to.match(/^20\.10\./)
  })

  it('is trusted with any certificate if its context says so', async () => {
    const client = ['cert', 'key'].map((name) => `${name}=${join(tls.certificates, `${name}.pem`)}`)
    const endpoint = [`host=${tls.host}`, `ca=${others.authority}`, ...client]
    const checked = await configurations.withContext('checked', endpoint.join(','))
    const unchecked = await configurations.withContext('checked', [...endpoint, 'skip-tls-verify=true'].join(','))
    const of = (DOCKER_CONFIG: string) => ({
      ...process.env,
      DOCKER_CONFIG,
      DOCKER_CONTEXT: 'checked',
      DOCKER_HOST: undefined,
    })
    expect(await thrown(Engine.connect(of(checked)))).to.include({code: 'engine-tls'})
    await using connected = await Engine.connect(of(unchecked))
    expect(connected.version).to.match(/^20\.10\./)
  })

  it("says that it requires the client's certificate", async () => {
    const foreign = {'cert.pem': join(others.clientFolder, 'cert.pem'), 'key.pem': join(others.clientFolder, 'key.pem')}
    expect((await refusal({DOCKER_CERT_PATH: await certificates(foreign)})).message).to.include(
      'it refuses the certificate of this client',
    )
    const none = await certificates({})
    await rm(join(none, 'key.pem'))
    expect((await refusal({DOCKER_CERT_PATH: none})).message).to.include('it refuses the certificate of this client')
  })

  it('is not asked without TLS', async () => {
    const error = await refusal({DOCKER_TLS_VERIFY: undefined})
    expect(error.message).to.include('it uses TLS, and was asked without')
    expect(error.hint).to.include('DOCKER_TLS_VERIFY=1')
  })

  it('cannot be reached by TLS if it does not speak TLS', async () => {
    const server = createPlainServer((socket) => {
      socket.on('error', () => undefined).once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    })
    const DOCKER_HOST = await listening(server, '127.0.0.1')
    expect((await refusal({DOCKER_HOST})).message).to.include('it does not use TLS')
  })

  it('is not trusted with a certificate for another name, or an expired one', async () => {
    const [key, cert] = [await readFile(others.key), await readFile(others.certificate)]
    const DOCKER_CERT_PATH = others.clientFolder
    const named = createTlsServer({key, cert}).on('tlsClientError', () => undefined)
    const DOCKER_HOST = await listening(named, '127.0.0.2')
    expect((await refusal({DOCKER_HOST, DOCKER_CERT_PATH})).message).to.include('its certificate is for another name')

    const [request, old] = [join(folder, 'old.csr'), join(folder, 'old.pem')]
    await run('openssl', ['req', '-new', '-key', others.key, '-subj', '/CN=localhost', '-out', request])
    await run('openssl', ['x509', '-req', '-in', request, '-signkey', others.key, '-days', '-1', '-out', old])
    const expired = createTlsServer({key, cert: await readFile(old)}).on('tlsClientError', () => undefined)
    const at = await listening(expired, '127.0.0.1')
    expect(
      (await refusal({DOCKER_HOST: at, DOCKER_CERT_PATH: await certificates({'ca.pem': old})})).message,
    ).to.include('its certificate has expired')
  })

  it('cannot be reached with files that are missing, damaged, encrypted or of different keys', async () => {
    const empty = await mkdtemp(join(folder, 'empty-'))
    const message = async (DOCKER_CERT_PATH: string) => (await refusal({DOCKER_CERT_PATH})).message
    expect(await message(empty))
      .to.include(join(empty, 'ca.pem'))
      .and.include('cannot be read')
    const noise = join(folder, 'noise')
    await writeFile(noise, 'no certificate')
    expect(await message(await certificates({'ca.pem': noise}))).to.include('ca.pem holds no certificate')
    expect(await message(await certificates({'cert.pem': noise}))).to.include('cert.pem holds no certificate')
    expect(await message(await certificates({'key.pem': noise}))).to.include('key.pem holds no private key')
    expect(await message(await certificates({'key.pem': others.key}))).to.include('does not belong to cert.pem')
    const encrypted = join(folder, 'encrypted.pem')
    await run('openssl', ['ec', '-in', others.key, '-aes256', '-passout', 'pass:x', '-out', encrypted])
    expect(await message(await certificates({'key.pem': encrypted}))).to.include('is encrypted')
  })

  it('is given up if the address accepts connections and never answers', async () => {
    const silent = createPlainServer((socket) => socket.on('error', () => undefined).resume())
    const [, , port] = (await listening(silent, '127.0.0.1')).split(':')
    const address = {kind: 'tcp', host: '127.0.0.1', port: Number(port), tls: {skipVerify: true}} as const
    const endpoint = {...address, origin: 'a test', selection: {}}
    const connections = await engineAgent(endpoint, process.env, {connectMilliseconds: 200})
    const {request} = await import('node:https')
    const asked = request({agent: connections.agent, host: '127.0.0.1', port, path: '/version'}).end()
    const [error] = (await once(asked, 'error')) as [Error]
    expect(engineError(error, endpoint)).to.include({code: 'engine-unreachable'})
    await connections.close()
  })
})
