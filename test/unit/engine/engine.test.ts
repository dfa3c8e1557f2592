import {expect} from 'chai'
import {once} from 'node:events'
import {createServer, type RequestListener, type Server} from 'node:http'
import type {AddressInfo} from 'node:net'
import {buffer} from 'node:stream/consumers'
import {Engine} from '../../../src/lib/engine/engine.js'
import {thrown} from '../../support/thrown.js'

/** The answers to the first requests. */
const facts: Readonly<Record<string, object>> = {
  '/version': {ApiVersion: '1.41', Version: '20.10.24'},
  '/info': {ID: 'ABCD'},
}

describe('Engine', () => {
  let server: Server
  let host: string
  let paths: string[]
  /** Answers all other requests. */
  let answer: RequestListener

  beforeEach(async () => {
    paths = []
    server = createServer((request, response) => {
      const {url = ''} = request
      paths.push(url)
      const fact = Object.entries(facts).find(([path]) => url.endsWith(path))?.[1]
      if (url.endsWith('/_ping')) response.end('OK')
      else if (fact) response.end(JSON.stringify(fact))
      else answer(request, response)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    host = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })

  describe('of an endpoint', () => {
    const nonsense = {
      DOCKER_HOST: ':// no engine',
      DOCKER_CERT_PATH: '/nowhere',
      DOCKER_CLIENT_TIMEOUT: '1',
      DOCKER_PATH_PREFIX: '/elsewhere',
      DOCKER_TLS_VERIFY: '1',
    }
    let before: NodeJS.ProcessEnv

    beforeEach(() => {
      before = {...process.env}
    })
    afterEach(() => {
      for (const name of Object.keys(nonsense)) {
        const value = before[name]
        if (value === undefined) Reflect.deleteProperty(process.env, name)
        else process.env[name] = value
      }
    })

    for (const DOCKER_HOST of [nonsense.DOCKER_HOST, 'tcp://127.0.0.1:1', 'unix:///nowhere', 'ssh://nobody@nowhere'])
      it(`gets the requests, whatever DOCKER_HOST the process has: ${DOCKER_HOST}`, async () => {
        answer = (_, response) => response.end('[]')
        Object.assign(process.env, nonsense, {DOCKER_HOST})
        await using engine = await Engine.connect({DOCKER_HOST: host})
        expect(await engine.containers()).to.deep.equal([])
        expect(process.env.DOCKER_HOST).to.equal(DOCKER_HOST)
        expect(paths).to.deep.equal(['/version', '/info', '/v1.41/containers/json?all=true&filters=%7B%7D'])
      })

    it('behind a proxy has the proxy’s path before each request', async () => {
      answer = (_, response) => response.writeHead(404, {'content-type': 'application/json'}).end('{"message":"none"}')
      await using engine = await Engine.connect({DOCKER_HOST: `${host}/an/engine`})
      expect(await engine.container('a/b')).to.equal(undefined)
      expect(paths).to.deep.equal([
        '/an/engine/version',
        '/an/engine/info',
        '/an/engine/v1.41/containers/a%2Fb/json?size=false',
      ])
    })
  })

  it('uses the API version in DOCKER_API_VERSION, unless it is empty', async () => {
    answer = (_, response) => response.end('[]')
    for (const [DOCKER_API_VERSION, path] of [
      ['1.44', '/v1.44/networks'],
      ['', '/v1.41/networks'],
    ] as const) {
      await using engine = await Engine.connect({DOCKER_HOST: host, DOCKER_API_VERSION})
      await engine.networks()
      expect(paths.at(-1)).to.match(new RegExp(`^${path}\\?`))
    }
  })

  it('reports an answer that breaks off, and checks whether the engine is still there', async () => {
    answer = (_, response) => {
      response.writeHead(200, {'content-length': 100})
      response.write('[{"Id":', () => response.destroy())
    }
    await using engine = await Engine.connect({DOCKER_HOST: host})
    expect(await thrown(engine.containers())).to.include({code: 'engine-broke-off'})
    expect(paths.at(-1)).to.equal('/v1.41/_ping')
  })

  it('reports an export that the engine ends with an error, and checks whether the engine is still there', async () => {
    const unavailable = 'rpc error: code = Unavailable desc = error reading from server: EOF'
    answer = ({url}, response) => {
      const error = url?.includes('unknown') ? 'no such image' : unavailable
      response.write(Buffer.alloc(20_000))
      response.end(`${JSON.stringify({errorDetail: {message: error}, error})}\r\n`)
    }
    await using engine = await Engine.connect({DOCKER_HOST: host})
    const save = async (image: string): Promise<Buffer> => buffer(await engine.saveImage(image))
    expect(await thrown(save('unknown'))).to.include({code: 'engine-refused', response: 'no such image'})
    expect(await thrown(save('abc'))).to.include({code: 'engine-broke-off'})
    expect(paths.at(-1)).to.equal('/v1.41/_ping')
    server.close()
    answer = (_, response) => {
      response.end(`${JSON.stringify({errorDetail: {message: unavailable}, error: unavailable})}\r\n`)
      server.closeIdleConnections()
    }
    expect(await thrown(save('abc'))).to.include({code: 'engine-lost'})
  })

  it('reports a container that ends while it is asked about as a refusal: only its shim is gone, not the engine', async () => {
    answer = (_, response) =>
      response.writeHead(500, {'content-type': 'application/json'}).end('{"message":"ttrpc: closed: unknown"}')
    await using engine = await Engine.connect({DOCKER_HOST: host})
    const calls = [
      engine.processTable('abc', 'pid'),
      engine.createExec('abc', {}),
      engine.changes('abc'),
      engine.pauseContainer('abc'),
      engine.stopContainer('abc', 1),
    ]
    for (const call of calls)
      expect(await thrown(call)).to.include({code: 'engine-refused', response: 'ttrpc: closed: unknown', status: 500})
  })

  it('lists images again if one was removed while they were listed', async () => {
    const message = `failed to read config content: content digest sha256:${'9e'.repeat(32)}: not found`
    let asked = 0
    answer = (_, response) => {
      if (++asked > 1) response.end('[{"Id":"abc"}]')
      else response.writeHead(404, {'content-type': 'application/json'}).end(JSON.stringify({message}))
    }
    await using engine = await Engine.connect({DOCKER_HOST: host})
    expect(await engine.images({})).to.deep.equal([{Id: 'abc'}])
  })

  it('gives the status of a refusal without a message, such as one of a HEAD request', async () => {
    answer = (_, response) => response.writeHead(500).end('{"message":"not seen"}')
    await using engine = await Engine.connect({DOCKER_HOST: host})
    expect(await thrown(engine.pathStat('abc', '/bin/sh'))).to.include({
      message: 'The engine refused the request: status 500',
    })
  })

  it('fails with the reason of the signal, also in the middle of an answer', async () => {
    const reason = new Error('enough')
    const calls: ((engine: Engine, signal: AbortSignal) => Promise<unknown>)[] = [
      (engine, signal) => engine.waitContainer('abc', signal),
      async (engine, signal) => {
        for await (const chunk of await engine.saveImage('abc', signal)) expect(String(chunk)).to.equal('{')
      },
    ]
    await using engine = await Engine.connect({DOCKER_HOST: host})
    for (const call of calls) {
      const user = new AbortController()
      answer = (_, response) => response.write('{', () => setTimeout(() => user.abort(reason), 50))
      expect(await thrown(call(engine, user.signal))).to.equal(reason)
      const silent = new AbortController()
      answer = () => silent.abort(reason)
      expect(await thrown(call(engine, silent.signal))).to.equal(reason)
    }
  })

  it('opens no two-way stream if the connection is not upgraded', async () => {
    answer = (_, response) => response.end('a proxy does not know the protocol')
    await using engine = await Engine.connect({DOCKER_HOST: host})
    const error = await thrown(engine.openExec('abc', {tty: false}))
    expect(error).to.include({code: 'engine-refused'})
  })

  it('never has a container’s environment in the URL', async () => {
    answer = (_, response) => response.writeHead(201).end('{"Id":"abc","Warnings":["one"]}')
    await using engine = await Engine.connect({DOCKER_HOST: host})
    const made = await engine.createContainer({Image: 'busybox', Env: ['TOKEN=secret']}, 'name')
    expect(made).to.deep.equal({id: 'abc', warnings: ['one']})
    expect(await engine.commit('abc', {Env: ['TOKEN=secret']})).to.equal('abc')
    expect(paths.slice(2)).to.deep.equal([
      '/v1.41/containers/create?name=name',
      '/v1.41/commit?container=abc&pause=false',
    ])
  })

  it('treats what is already done or gone as done', async () => {
    await using engine = await Engine.connect({DOCKER_HOST: host})
    answer = (_, response) => response.writeHead(304).end()
    await engine.startContainer('abc')
    await engine.stopContainer('abc', 1)
    answer = (_, response) => response.writeHead(404, {'content-type': 'application/json'}).end('{"message":"gone"}')
    await engine.stopContainer('abc', 1)
    await engine.removeContainer('abc')
    await engine.removeImage('abc')
    expect(await engine.removeNetwork('abc')).to.equal(true)
    expect(await engine.removeVolume('abc')).to.equal(true)
    expect(await thrown(engine.startContainer('abc'))).to.include({status: 404, response: 'gone'})
  })

  it('leaves networks and volumes that are in use', async () => {
    await using engine = await Engine.connect({DOCKER_HOST: host})
    answer = ({url}, response) => response.writeHead(url?.includes('/volumes/') ? 409 : 403).end('{"message":"in use"}')
    expect(await engine.removeNetwork('abc')).to.equal(false)
    expect(await engine.removeVolume('abc')).to.equal(false)
  })
})
