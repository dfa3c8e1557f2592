import {expect} from 'chai'
import {createHash} from 'node:crypto'
import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {makeCertificates} from '../../../scripts/setup/certificates.js'
import {dockerConfigFolder, findEndpoint} from '../../../src/lib/engine/endpoint.js'
import {property} from '../../../src/lib/json/json.js'
import {thrown} from '../../support/thrown.js'

describe('engine', () => {
  let [home, folder] = ['', '']
  let files: Record<'ca.pem' | 'cert.pem' | 'key.pem', string>
  let material: {ca: Buffer; cert: Buffer; key: Buffer}
  const find = (environment: NodeJS.ProcessEnv) => findEndpoint({HOME: home, DOCKER_CONFIG: folder, ...environment})

  before(async () => {
    const certificates = mkdtempSync(join(tmpdir(), 'keg-test-certificates-'))
    try {
      const {clientFolder} = await makeCertificates(certificates)
      const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readFileSync(join(clientFolder, name)))
      if (!ca || !cert || !key) throw new Error('no certificates')
      material = {ca, cert, key}
      files = {'ca.pem': ca.toString(), 'cert.pem': cert.toString(), 'key.pem': key.toString()}
    } finally {
      rmSync(certificates, {recursive: true, force: true})
    }
  })

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'keg-test-endpoint-'))
    folder = join(home, 'configuration')
  })
  afterEach(() => rmSync(home, {recursive: true, force: true}))

  function write(path: string, content: string): void {
    mkdirSync(dirname(join(folder, path)), {recursive: true})
    writeFileSync(join(folder, path), content)
  }

  function writeContext(name: string, content: unknown, tls: Record<string, string> = {}): void {
    const id = createHash('sha256').update(name).digest('hex')
    write(`contexts/meta/${id}/meta.json`, typeof content === 'string' ? content : JSON.stringify(content))
    for (const [file, text] of Object.entries(tls)) write(`contexts/tls/${id}/docker/${file}`, text)
  }

  function contextOf(host: string, more: object = {}): object {
    return {Name: 'x', Metadata: {}, Endpoints: {docker: {Host: host, ...more}}}
  }

  describe('of DOCKER_HOST', () => {
    const table: Record<string, object> = {
      'unix:///run/user/1000/docker.sock': {kind: 'socket', path: '/run/user/1000/docker.sock'},
      'UNIX:///x': {kind: 'socket', path: '/x'},
      'npipe:////./pipe/docker_engine': {kind: 'socket', path: '//./pipe/docker_engine'},
      'tcp://engine.example:2375': {kind: 'tcp', host: 'engine.example', port: 2375},
      'tcp://engine.example': {kind: 'tcp', host: 'engine.example', port: 2375},
      'tcp://10.0.0.1:80': {kind: 'tcp', host: '10.0.0.1', port: 80},
      'tcp://[::1]:4000': {kind: 'tcp', host: '::1', port: 4000},
      'tcp://[::1]': {kind: 'tcp', host: '::1', port: 2375},
      'tcp://engine.example:2375/': {kind: 'tcp', host: 'engine.example', port: 2375},
      'engine.example:4000': {kind: 'tcp', host: 'engine.example', port: 4000},
      'http://engine.example:80': {kind: 'tcp', host: 'engine.example', port: 80},
      'https://engine.example': {kind: 'tcp', host: 'engine.example', port: 2376, tls: {skipVerify: false}},
      'tcp://proxy.example:80/engine/': {kind: 'tcp', host: 'proxy.example', port: 80, basePath: '/engine'},
      '/run/docker.sock': {kind: 'socket', path: '/run/docker.sock'},
      'ssh://engine.example': {kind: 'ssh', host: 'engine.example'},
      'ssh://ada@engine.example:2222/run/x.sock': {
        kind: 'ssh',
        user: 'ada',
        host: 'engine.example',
        port: 2222,
        path: '/run/x.sock',
      },
      'ssh://ada%40home@[::1]:22/': {kind: 'ssh', user: 'ada@home', host: '::1', port: 22},
      'SSH://DOMAIN%5Cada@name_of-the.config': {kind: 'ssh', user: 'DOMAIN\\ada', host: 'name_of-the.config'},
      'https://engine.example:443': {kind: 'tcp', host: 'engine.example', port: 443, tls: {skipVerify: false}},
    }
    for (const [host, endpoint] of Object.entries(table))
      it(host, async () =>
        expect(await find({DOCKER_HOST: host})).to.deep.equal({
          ...endpoint,
          origin: 'DOCKER_HOST or --host',
          selection: {DOCKER_HOST: host},
        }),
      )

    for (const host of [
      'unix://',
      'npipe://',
      'tcp://',
      'tcp://:2375',
      'tcp://host:port',
      'tcp://host:99999',
      'ftp://host',
      '://',
      'a b',
      'ssh://',
      'ssh:///run/docker.sock',
      'ssh://@engine.example',
      'ssh://engine.example:0',
      'ssh://engine.example:65536',
      'ssh://engine.example:ssh',
      'ssh://engine.example?x=1',
      'ssh://engine.example#x',
      'ssh://-oProxyCommand=x',
      'ssh://-oProxyCommand=x@engine.example',
      'ssh://%2DoProxyCommand=x@engine.example',
      'ssh://a%0ab@engine.example',
      'ssh://engine example',
      'ssh://$(x)@engine.example',
      'ssh://`x`',
      'ssh://a\\b',
      'ssh://engine.example/run/$(x)',
      'ssh://engine.example/run/a b',
      'ssh://engine.example/run/a%20b',
      "ssh://engine.example/run/'x'",
      'ssh://engine.example/run/%zz',
    ])
      it(`is refused if it is invalid: ${host}`, async () => {
        const error = await thrown(find({DOCKER_HOST: host}))
        expect(error).to.include({code: 'host-invalid', exitCode: 2})
        expect(error.message).to.include(`DOCKER_HOST or --host is not the address of an engine: ${host}`)
      })

    it('is refused with a password, which is not shown', async () => {
      for (const host of ['ssh://ada:secret@engine.example', 'ssh://:secret@engine.example', 'ssh://ada:sec:ret@x']) {
        const error = await thrown(find({DOCKER_HOST: host}))
        expect(error).to.include({code: 'host-invalid', exitCode: 2})
        expect(error.message).to.include('password')
        expect(`${error.message}${JSON.stringify(error)}`).to.not.match(/sec:?ret/)
      }
      for (const host of ['tcp://ada:secret@host:port', 'ftp://ada:secret@host', 'ada:secret@a b'])
        expect((await thrown(find({DOCKER_HOST: host}))).message).to.not.include('secret')
    })

    it('is shown without control characters', async () => {
      expect((await thrown(find({DOCKER_HOST: 'x://\u001b[2J'}))).message).to.match(/^[ -~]*$/)
    })

    it('takes precedence over any context', async () => {
      write('config.json', '{"currentContext":"x"}')
      writeContext('x', contextOf('tcp://context.example'))
      const environment = {DOCKER_HOST: 'tcp://host.example', DOCKER_CONTEXT: 'x'}
      expect(await find(environment)).to.include({host: 'host.example'})
    })

    it('that is empty is ignored', async () => {
      writeContext('x', contextOf('tcp://context.example'))
      expect(await find({DOCKER_HOST: '', DOCKER_CONTEXT: 'x'})).to.include({host: 'context.example'})
    })
  })

  describe('with TLS of the environment', () => {
    const DOCKER_HOST = 'tcp://engine.example'

    it('reads its files from DOCKER_CERT_PATH, and uses the TLS port', async () => {
      for (const [file, text] of Object.entries(files)) write(`certificates/${file}`, text)
      const environment = {DOCKER_HOST, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: join(folder, 'certificates')}
      expect(await find(environment)).to.deep.include({
        kind: 'tcp',
        host: 'engine.example',
        port: 2376,
        tls: {...material, skipVerify: false},
      })
    })

    it('reads them from the configuration folder otherwise', async () => {
      for (const [file, text] of Object.entries(files)) write(file, text)
      const expected = {...material, skipVerify: false}
      expect(await find({DOCKER_HOST, DOCKER_TLS_VERIFY: '1'}))
        .to.have.property('tls')
        .that.deep.equals(expected)
    })

    it('verifies unless only DOCKER_TLS is set', async () => {
      write('ca.pem', files['ca.pem'])
      const {ca} = material
      const tlsOf = async (environment: NodeJS.ProcessEnv) =>
        Reflect.get(await find({DOCKER_HOST, ...environment}), 'tls') as unknown
      expect(await tlsOf({DOCKER_TLS: '1'})).to.deep.equal({ca, skipVerify: true})
      expect(await tlsOf({DOCKER_TLS: '1', DOCKER_TLS_VERIFY: '1'})).to.deep.equal({ca, skipVerify: false})
      expect(await tlsOf({DOCKER_TLS: '', DOCKER_TLS_VERIFY: ''})).to.equal(undefined)
    })

    it('is on this machine by default, as for docker', async () => {
      write('ca.pem', files['ca.pem'])
      expect(await find({DOCKER_TLS_VERIFY: '1'})).to.deep.include({
        host: 'localhost',
        port: 2376,
        selection: {DOCKER_HOST: 'tcp://localhost:2376'},
      })
    })

    it('is an error without ca.pem', async () => {
      for (const environment of [{DOCKER_HOST, DOCKER_TLS: '1'}, {DOCKER_TLS_VERIFY: '1'}]) {
        const error = await thrown(find(environment))
        expect(error).to.include({code: 'engine-tls', exitCode: 4})
        expect(error.message).to.include(join(folder, 'ca.pem'))
      }
    })
  })

  describe('of a context', () => {
    it('is that of DOCKER_CONTEXT, before the current one', async () => {
      write('config.json', '{"currentContext":"other"}')
      writeContext('far/ä', contextOf('unix:///run/far.sock'))
      expect(await find({DOCKER_CONTEXT: 'far/ä'})).to.deep.equal({
        kind: 'socket',
        path: '/run/far.sock',
        origin: 'DOCKER_CONTEXT or --context far/ä',
        selection: {DOCKER_CONTEXT: 'far/ä'},
      })
    })

    it('is the current one of config.json, also with a byte order mark', async () => {
      writeContext('current', contextOf('tcp://engine.example:1'))
      for (const mark of ['', '\uFEFF']) {
        write('config.json', `${mark}{"currentContext":"current","auths":{}}`)
        expect(await find({})).to.include({host: 'engine.example', origin: 'the current docker context current'})
      }
    })

    it('has its own TLS files, and no others', async () => {
      write('ca.pem', 'of the environment')
      writeContext('x', contextOf('tcp://engine.example'), files)
      expect(await find({DOCKER_CONTEXT: 'x', DOCKER_TLS: '1'})).to.deep.include({
        port: 2376,
        tls: {...material, skipVerify: false},
      })
    })

    it('can have only some of them, and can skip verification', async () => {
      const host = contextOf('tcp://engine.example', {SkipTLSVerify: true})
      const {ca} = material
      writeContext('x', host, {'ca.pem': files['ca.pem'], 'cert.pem': files['cert.pem']})
      expect(await find({DOCKER_CONTEXT: 'x'}))
        .to.have.property('tls')
        .that.deep.equals({ca, skipVerify: true})
      writeContext('y', host)
      expect(await find({DOCKER_CONTEXT: 'y'}))
        .to.have.property('tls')
        .that.deep.equals({skipVerify: true})
    })

    it('needs no TLS', async () => {
      writeContext('x', contextOf('tcp://engine.example', {SkipTLSVerify: false}))
      expect(await find({DOCKER_CONTEXT: 'x'})).to.not.have.property('tls')
    })

    it('that does not exist is an error that names it and its origin', async () => {
      const error = await thrown(find({DOCKER_CONTEXT: 'gone\u001b'}))
      expect(error).to.include({code: 'context-unknown', exitCode: 2})
      expect(error.message).to.equal('There is no docker context gone? (DOCKER_CONTEXT or --context).')
      write('config.json', '{"currentContext":"gone"}')
      expect((await thrown(find({}))).message).to.equal('There is no docker context gone (the current docker context).')
    })

    it('that does not exist comes with a suggestion', async () => {
      writeContext('colima', {Name: 'colima', Endpoints: {}})
      const hint = async (DOCKER_CONTEXT: string) => property(await thrown(find({DOCKER_CONTEXT})), 'hint')
      expect(await hint('colmia')).to.equal('Did you mean colima? List the contexts there are with: docker context ls')
      expect(await hint('defualt')).to.match(/^Did you mean default\? /)
      expect(await hint('elsewhere')).to.match(/^List the contexts/)
    })

    it('never leads out of its folder, whatever its name', async () => {
      expect(await thrown(find({DOCKER_CONTEXT: '../../etc'}))).to.include({code: 'context-unknown'})
    })

    it('without an address is an error', async () => {
      for (const content of [
        'null',
        '[]',
        {},
        {Endpoints: null},
        {Endpoints: {docker: {Host: 7}}},
        {Endpoints: {kubernetes: {}}},
      ]) {
        writeContext('x', content)
        const error = await thrown(find({DOCKER_CONTEXT: 'x'}))
        expect(error).to.include({code: 'host-invalid', exitCode: 2})
        expect(error.message).to.include('DOCKER_CONTEXT or --context x')
      }
    })

    it('can have an ssh address', async () => {
      writeContext('x', contextOf('ssh://ada@engine.example'))
      expect(await find({DOCKER_CONTEXT: 'x'})).to.deep.include({kind: 'ssh', user: 'ada', host: 'engine.example'})
    })
  })

  it('is the default with the context default, without a context, and without a configuration', async () => {
    const usual = await find({})
    expect(usual).to.include({kind: 'socket', origin: 'the default socket'})
    expect(usual.selection).to.deep.equal({DOCKER_CONTEXT: 'default'})
    expect(await find({DOCKER_CONTEXT: 'default'})).to.deep.equal(usual)
    for (const content of [
      '{}',
      '{"currentContext":""}',
      '{"currentContext":"default"}',
      '{"currentContext":7}',
      '[]',
      'null',
    ]) {
      write('config.json', content)
      expect(await find({}), content).to.deep.equal(usual)
    }
  })

  it('is an error if the configuration is not JSON, and its text is not shown', async () => {
    write('config.json', '{"auths": {"x": {"auth": "cGFzc3dvcmQ="')
    const error = await thrown(find({}))
    expect(error).to.include({code: 'docker-config-invalid', exitCode: 1})
    expect(error.message).to.include(join(folder, 'config.json'))
    expect(`${error.message}${String(error.stack)}${JSON.stringify(error)}${String(error.cause)}`).to.not.include(
      'cGFz',
    )
    writeContext('x', 'not JSON: cGFzc3dvcmQ=')
    const other = await thrown(find({DOCKER_CONTEXT: 'x'}))
    expect(other).to.include({code: 'docker-config-invalid'})
    expect(other.message).to.not.include('cGFz')
  })

  it("has the docker client's configuration folder, also if DOCKER_CONFIG is empty", async () => {
    expect(dockerConfigFolder({DOCKER_CONFIG: '/x/y', HOME: '/h'})).to.equal('/x/y')
    expect(dockerConfigFolder({DOCKER_CONFIG: '', HOME: '/h'})).to.equal('/h/.docker')
    expect(dockerConfigFolder({HOME: '/h'})).to.equal('/h/.docker')
    mkdirSync(join(home, '.docker'))
    writeFileSync(join(home, '.docker/config.json'), '{"currentContext":"gone"}')
    expect(await thrown(find({DOCKER_CONFIG: ''}))).to.include({code: 'context-unknown'})
  })
})
