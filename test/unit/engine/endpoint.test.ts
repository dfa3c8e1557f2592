import {expect} from 'chai'
import {createHash} from 'node:crypto'
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {dockerConfigFolder, findEndpoint} from '../../../src/lib/engine/endpoint.js'
import {thrown} from '../../support/thrown.js'

describe('engine', () => {
  let [home, folder] = ['', '']
  const find = (environment: NodeJS.ProcessEnv) => findEndpoint({HOME: home, DOCKER_CONFIG: folder, ...environment})

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
      'https://engine.example:443': {kind: 'tcp', host: 'engine.example', port: 443, tls: {skipVerify: false}},
    }
    for (const [host, endpoint] of Object.entries(table))
      it(host, async () => expect(await find({DOCKER_HOST: host})).to.deep.equal({...endpoint, origin: 'DOCKER_HOST'}))

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
    ])
      it(`is refused as none: ${host}`, async () => {
        const error = await thrown(find({DOCKER_HOST: host}))
        expect(error).to.include({code: 'host-invalid', exitCode: 2})
        expect(error.message).to.include(`DOCKER_HOST names no engine: ${host}`)
      })

    it('is refused with what to do instead, where it is one of ssh', async () => {
      const error = await thrown(find({DOCKER_HOST: 'ssh://ada@engine.example'}))
      expect(error).to.include({code: 'host-invalid', exitCode: 2})
      expect(error.message)
        .to.match(/ssh/)
        .and.not.match(/names no engine/)
      expect(error).to.have.property('hint').that.includes('ssh -N -L')
    })

    it('drives no terminal', async () => {
      expect((await thrown(find({DOCKER_HOST: 'x://\u001b[2J'}))).message).to.match(/^[ -~]*$/)
    })

    it('goes before any context', async () => {
      write('config.json', '{"currentContext":"x"}')
      writeContext('x', contextOf('tcp://context.example'))
      const environment = {DOCKER_HOST: 'tcp://host.example', DOCKER_CONTEXT: 'x'}
      expect(await find(environment)).to.include({host: 'host.example'})
    })

    it('that is empty counts for nothing', async () => {
      writeContext('x', contextOf('tcp://context.example'))
      expect(await find({DOCKER_HOST: '', DOCKER_CONTEXT: 'x'})).to.include({host: 'context.example'})
    })
  })

  describe('with TLS of the environment', () => {
    const files = {'ca.pem': 'CA', 'cert.pem': 'CERT', 'key.pem': 'KEY'}
    const material = {ca: Buffer.from('CA'), cert: Buffer.from('CERT'), key: Buffer.from('KEY')}
    const DOCKER_HOST = 'tcp://engine.example'

    it('takes its files from DOCKER_CERT_PATH, and the port of TLS', async () => {
      for (const [file, text] of Object.entries(files)) write(`certificates/${file}`, text)
      const environment = {DOCKER_HOST, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: join(folder, 'certificates')}
      expect(await find(environment)).to.deep.equal({
        kind: 'tcp',
        host: 'engine.example',
        port: 2376,
        origin: 'DOCKER_HOST',
        tls: {...material, skipVerify: false},
      })
    })

    it('takes them from the configuration folder otherwise', async () => {
      for (const [file, text] of Object.entries(files)) write(file, text)
      expect(await find({DOCKER_HOST, DOCKER_TLS_VERIFY: '1'}))
        .to.have.property('tls')
        .that.deep.equals({
          ...material,
          skipVerify: false,
        })
    })

    it('verifies unless only DOCKER_TLS is set', async () => {
      const tlsOf = async (environment: NodeJS.ProcessEnv) =>
        Reflect.get(await find({DOCKER_HOST, ...environment}), 'tls') as unknown
      expect(await tlsOf({DOCKER_TLS: '1'})).to.deep.equal({skipVerify: true})
      expect(await tlsOf({DOCKER_TLS: '1', DOCKER_TLS_VERIFY: '1'})).to.deep.equal({skipVerify: false})
      expect(await tlsOf({DOCKER_TLS: '', DOCKER_TLS_VERIFY: ''})).to.equal(undefined)
    })
  })

  describe('of a context', () => {
    it('is that of DOCKER_CONTEXT, before the current one', async () => {
      write('config.json', '{"currentContext":"other"}')
      writeContext('far/ä', contextOf('unix:///run/far.sock'))
      expect(await find({DOCKER_CONTEXT: 'far/ä'})).to.deep.equal({
        kind: 'socket',
        path: '/run/far.sock',
        origin: 'DOCKER_CONTEXT far/ä',
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
      writeContext('x', contextOf('tcp://engine.example'), {'ca.pem': 'CA', 'cert.pem': 'CERT', 'key.pem': 'KEY'})
      expect(await find({DOCKER_CONTEXT: 'x', DOCKER_TLS: '1'})).to.deep.include({
        port: 2376,
        tls: {ca: Buffer.from('CA'), cert: Buffer.from('CERT'), key: Buffer.from('KEY'), skipVerify: false},
      })
    })

    it('may have a part of them, and may ask not to verify', async () => {
      writeContext('x', contextOf('tcp://engine.example', {SkipTLSVerify: true}), {'ca.pem': 'CA'})
      expect(await find({DOCKER_CONTEXT: 'x'}))
        .to.have.property('tls')
        .that.deep.equals({ca: Buffer.from('CA'), skipVerify: true})
    })

    it('needs no TLS', async () => {
      writeContext('x', contextOf('tcp://engine.example', {SkipTLSVerify: false}))
      expect(await find({DOCKER_CONTEXT: 'x'})).to.not.have.property('tls')
    })

    it('that is not there is an error that names it and who asked', async () => {
      const error = await thrown(find({DOCKER_CONTEXT: 'gone\u001b'}))
      expect(error).to.include({code: 'context-unknown', exitCode: 2})
      expect(error.message).to.equal('There is no docker context gone? (DOCKER_CONTEXT).')
      write('config.json', '{"currentContext":"gone"}')
      expect((await thrown(find({}))).message).to.equal('There is no docker context gone (the current docker context).')
    })

    it('never leads out of its folder, whatever it is called', async () => {
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
        expect(error.message).to.include('DOCKER_CONTEXT x')
      }
    })

    it('with an address of ssh is refused with what to do instead', async () => {
      writeContext('x', contextOf('ssh://ada@engine.example'))
      const error = await thrown(find({DOCKER_CONTEXT: 'x'}))
      expect(error.message).to.include('DOCKER_CONTEXT x').and.include('ssh://ada@engine.example')
    })
  })

  it('is the default one with the context named default, without any, and without a configuration', async () => {
    const usual = await find({})
    expect(usual).to.include({kind: 'socket', origin: 'the default socket'})
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

  it('is not looked for in a configuration that is not JSON, and its text is not shown', async () => {
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

  it("has the docker client's configuration folder, also where DOCKER_CONFIG is empty", async () => {
    expect(dockerConfigFolder({DOCKER_CONFIG: '/x/y', HOME: '/h'})).to.equal('/x/y')
    expect(dockerConfigFolder({DOCKER_CONFIG: '', HOME: '/h'})).to.equal('/h/.docker')
    expect(dockerConfigFolder({HOME: '/h'})).to.equal('/h/.docker')
    mkdirSync(join(home, '.docker'))
    writeFileSync(join(home, '.docker/config.json'), '{"currentContext":"gone"}')
    expect(await thrown(find({DOCKER_CONFIG: ''}))).to.include({code: 'context-unknown'})
  })
})
