import {expect} from 'chai'
import {randomBytes} from 'node:crypto'
import {readFile, writeFile} from 'node:fs/promises'
import {get} from 'node:http'
import {createServer, type AddressInfo} from 'node:net'
import {once} from 'node:events'
import {networkInterfaces} from 'node:os'
import {join} from 'node:path'
import {makeCertificates} from '../../../scripts/setup/certificates.js'
import {Engine} from '../../../src/lib/engine/engine.js'
import {FailedError} from '../../../src/lib/error/keg-error.js'
import {parseReference} from '../../../src/lib/reference/reference.js'
import {pullImage} from '../../../src/lib/registry/pull.js'
import {pushImage, type Pushed} from '../../../src/lib/registry/push.js'
import {isUnreachable} from '../../../src/lib/registry/registry-error.js'
import type {ProgressEvent, ProgressListener} from '../../../src/lib/terminal/progress.js'
import {docker, Sandbox, uniqueName} from '../../support/docker.js'
import {runAdvice} from '../../support/run-advice.js'
import {proxy, refusingRegistry, type StandIn} from './misbehaving-registry.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'
const privateRegistry = process.env.KEG_TEST_PRIVATE_REGISTRY ?? '127.0.0.1:5443'
const [name = '', password = ''] = (process.env.KEG_TEST_PRIVATE_LOGIN ?? 'keg:keg').split(':')
const user = {name, password}

/** Bytes of the layer that is pushed: more than a socket buffers at once. */
const layerBytes = 12_000_000

/** The digest of a tag in the registry itself. */
async function digestInRegistry(reference: string, credentials?: typeof user): Promise<string | undefined> {
  const {registry, repository, tag} = parseReference(reference)
  const request = get(`http://${registry}/v2/${repository}/manifests/${tag ?? ''}`, {
    method: 'HEAD',
    headers: {
      accept: 'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json',
    },
    ...(credentials && {auth: `${credentials.name}:${credentials.password}`}),
  })
  const [response] = (await once(request, 'response')) as [{headers: NodeJS.Dict<string>; resume(): void}]
  response.resume()
  return response.headers['docker-content-digest']
}

describe('push and pull @each-store', function () {
  this.timeout(120_000)

  let engine: Engine
  let sandbox: Sandbox
  let folder: string
  let environment: NodeJS.ProcessEnv
  let standIns: StandIn[]
  let events: ProgressEvent[]
  const progress: ProgressListener = (event) => events.push(event)

  before(async () => {
    engine = await Engine.connect(process.env)
  })

  beforeEach(async () => {
    sandbox = new Sandbox()
    standIns = []
    events = []
    folder = await sandbox.temporaryFolder('docker-config')
    environment = {DOCKER_CONFIG: folder, PATH: `${folder}:/usr/bin:/bin`}
  })

  afterEach(async () => {
    await sandbox.clean()
    await Promise.all(standIns.map((standIn) => standIn.close()))
  })

  /** Closes a stand-in after its test. */
  function closing<T extends StandIn>(standIn: T): T {
    standIns.push(standIn)
    return standIn
  }

  /** A unique image, with a layer that no registry has. */
  async function image(registry: string): Promise<string> {
    const reference = `${registry}/keg/${uniqueName('push')}:dev`
    return sandbox.imageFromFiles(reference, [{path: 'data', content: randomBytes(layerBytes)}])
  }

  /** The open registry behind a slow connection: a containerd image store reports nothing that takes less than 100 ms. */
  async function slowRegistry(): Promise<string> {
    return closing(await proxy({registry: openRegistry, pauseMilliseconds: 4})).registry
  }

  function push(reference: string, signal?: AbortSignal): Promise<Pushed> {
    return pushImage({engine, environment, progress, ...(signal && {signal})}, {reference: parseReference(reference)})
  }

  function pull(reference: string, signal?: AbortSignal): ReturnType<typeof pullImage> {
    return pullImage({engine, environment, progress, ...(signal && {signal})}, {reference: parseReference(reference)})
  }

  async function failure(work: Promise<unknown>, code: string): Promise<FailedError> {
    const outcome = await work.then(
      () => 'no failure',
      (error: unknown) => error,
    )
    expect(outcome).to.be.instanceOf(FailedError)
    expect(outcome).to.have.property('code', code)
    return outcome as FailedError
  }

  function config(content: object): Promise<void> {
    return writeFile(join(folder, 'config.json'), JSON.stringify(content))
  }

  const auth = (password = user.password): object => ({
    auth: Buffer.from(`${user.name}:${password}`).toString('base64'),
  })

  /** A real credential helper that knows the registry with a password. */
  async function helper(name: string): Promise<void> {
    const answer = JSON.stringify({ServerURL: privateRegistry, Username: user.name, Secret: user.password})
    const script = `#!/bin/sh\nread -r server || :\n[ "$1 $server" = 'get ${privateRegistry}' ] && echo '${answer}'\n`
    await writeFile(join(folder, `docker-credential-${name}`), script, {mode: 0o755})
  }

  /** An address where nobody listens. */
  async function nobody(): Promise<string> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const {port} = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    return `127.0.0.1:${port}`
  }

  async function isHere(reference: string): Promise<boolean> {
    return (await engine.image(reference)) !== undefined
  }

  it("pushes a tag, and reports the registry's digest and the transferred bytes", async () => {
    const reference = await image(await slowRegistry())
    const {digest, bytes} = await push(reference)
    expect(await digestInRegistry(reference)).to.equal(digest)
    const stage = `Pushing ${reference}`
    expect(new Set(events.map((event) => event.stage))).to.deep.equal(new Set([stage]))
    const sums = events.flatMap(({done, total}) => (done === undefined ? [] : [[done, total ?? 0] as const]))
    expect(sums.every(([done, total]) => done <= total)).to.equal(true)
    expect(bytes).to.be.within(layerBytes, layerBytes * 1.05)
    expect(events.at(-1)).to.deep.equal({stage, state: 'done', done: bytes, total: bytes})
    expect(events.filter(({state}) => state === 'done')).to.have.length(1)
  })

  it('sends nothing twice', async () => {
    const reference = await image(openRegistry)
    const first = await push(reference)
    events = []
    expect(await push(reference)).to.deep.equal({digest: first.digest, bytes: 0})
    expect(events.at(-1)).to.deep.equal({
      stage: `Pushing ${reference}`,
      state: 'done',
      note: 'every layer was there already',
    })
  })

  it('pushes only the requested tag', async () => {
    const reference = await image(openRegistry)
    const other = reference.replace(/:dev$/, ':other')
    await docker(['tag', reference, sandbox.addImage(other)])
    await push(reference)
    expect(await digestInRegistry(other)).to.equal(undefined)
  })

  it('pushes `latest` without a tag', async () => {
    const reference = await image(openRegistry)
    const bare = reference.replace(/:dev$/, '')
    await docker(['tag', reference, sandbox.addImage(`${bare}:latest`)])
    const {digest} = await push(bare)
    expect(await digestInRegistry(`${bare}:latest`)).to.equal(digest)
    expect(await digestInRegistry(reference)).to.equal(undefined)
  })

  it('pulls by tag and by digest, and reports the digest', async () => {
    const reference = await image(await slowRegistry())
    const {digest} = await push(reference)
    for (const wanted of [reference, reference.replace(/:dev$/, `@${digest}`)]) {
      await sandbox.removeImage(reference)
      await sandbox.removeImage(reference.replace(/:dev$/, `@${digest}`))
      expect(await isHere(wanted)).to.equal(false)
      events = []
      expect(await pull(sandbox.addImage(wanted))).to.deep.equal({digest})
      expect(await isHere(wanted)).to.equal(true)
      expect(events.at(-1)).to.deep.include({stage: `Pulling ${wanted}`, state: 'done'})
      expect(events.some(({done}) => done !== undefined && done > 0)).to.equal(true)
    }
    expect(await pull(reference)).to.deep.equal({digest})
  })

  describe('with a password @containerd', () => {
    const ways: Readonly<Record<string, () => Promise<void>>> = {
      auths: () => config({auths: {[privateRegistry]: auth()}}),
      'auths of an older client': () => config({auths: {[`https://${privateRegistry}/v1/`]: auth()}}),
      credHelpers: async () => {
        await helper('own')
        await config({credHelpers: {[privateRegistry]: 'own'}, credsStore: 'nowhere'})
      },
      credsStore: async () => {
        await helper('common')
        await config({auths: {[privateRegistry]: {}}, credsStore: 'common'})
      },
    }
    for (const [way, prepare] of Object.entries(ways)) {
      it(`pushes and pulls with the credentials of ${way}`, async () => {
        await prepare()
        const reference = await image(privateRegistry)
        const {digest} = await push(reference)
        expect(await digestInRegistry(reference, user)).to.equal(digest)
        await sandbox.removeImage(reference)
        expect(await pull(sandbox.addImage(reference))).to.deep.equal({digest})
        expect(await isHere(reference)).to.equal(true)
      })
    }

    it('says how to sign in without credentials, and keeps the image', async () => {
      const reference = await image(privateRegistry)
      const error = await failure(push(reference), 'registry-unauthorized')
      expect(isUnreachable(error)).to.equal(false)
      expect(await isHere(reference)).to.equal(true)
      const pulling = await failure(pull(reference), 'registry-unauthorized')
      const env = {DOCKER_CONFIG: folder}
      const login = ['--username', user.name, '--password', user.password]
      await runAdvice(pulling.hint ?? '', 'docker login', {env, add: login})
      await runAdvice(error.hint ?? '', 'docker push', {env})
      expect(await digestInRegistry(reference, user)).to.match(/^sha256:/)
    })

    it('says whose credentials were refused', async () => {
      await config({auths: {[privateRegistry]: auth('sw0rdfish')}})
      const reference = await image(privateRegistry)
      for (const work of [push, pull]) {
        const error = await failure(work(reference), 'registry-unauthorized')
        expect(error.message).to.contain(join(folder, 'config.json'))
        const shown = `${error.message} ${error.hint ?? ''} ${JSON.stringify(error.data)} ${String(error.cause)}`
        expect(shown).not.to.contain('sw0rdfish')
      }
    })

    it('calls no registry when the credential helper is missing', async () => {
      await config({credsStore: 'nowhere'})
      const outcome = await push(`${privateRegistry}/keg/nothing:dev`).catch((error: unknown) => error)
      expect(outcome).to.have.property('code', 'credential-helper-missing')
      expect(events).to.deep.equal([])
    })
  })

  describe('fails with its own code', () => {
    it('if nobody listens', async () => {
      const registry = await nobody()
      const reference = await image(registry)
      for (const work of [push, pull]) {
        const error = await failure(work(reference), 'registry-unreachable')
        expect(error.message).to.contain(registry)
        expect(isUnreachable(error)).to.equal(true)
      }
      expect(await isHere(reference)).to.equal(true)
    })

    it('if the host is unknown @classic', async () => {
      const reference = await image(`${uniqueName('host')}.invalid`)
      await failure(push(reference), 'registry-unreachable')
      await failure(pull(reference), 'registry-unreachable')
    })

    it('if the image is not in the registry', async () => {
      const reference = `${openRegistry}/keg/${uniqueName('absent')}:dev`
      const error = await failure(pull(reference), 'image-not-found')
      expect(error.message).to.contain(reference)
      expect(isUnreachable(error)).to.equal(false)
      const digest = `sha256:${'0'.repeat(64)}`
      await failure(pull(reference.replace(/:dev$/, `@${digest}`)), 'image-not-found')
    })

    it('if the image is not in the engine', async () => {
      const present = await image(openRegistry)
      const absent = `${openRegistry}/keg/${uniqueName('absent')}:dev`
      for (const reference of [absent, present.replace(/:dev$/, ':absent')]) {
        const error = await failure(push(reference), 'image-not-found')
        expect(error.message).to.contain('The engine has no image')
      }
    })

    for (const [status, code, expected] of [
      [401, 'UNAUTHORIZED', 'registry-unauthorized'],
      [403, 'DENIED', 'registry-denied'],
      [429, 'TOOMANYREQUESTS', 'registry-busy'],
      [500, 'UNKNOWN', 'registry-failed'],
      [503, 'UNAVAILABLE', 'registry-unreachable'],
    ] as const) {
      it(`if a pull gets ${status}`, async () => {
        const {registry} = closing(await refusingRegistry(status, code))
        const error = await failure(pull(`${registry}/keg/app:dev`), expected)
        expect(error.message).to.contain(registry)
      })
    }

    it('if a push gets 403', async () => {
      const {registry} = closing(await refusingRegistry(403, 'DENIED'))
      const reference = await image(registry)
      const error = await failure(push(reference), 'registry-denied')
      expect(error.hint).to.contain(`docker login ${registry}`).and.to.contain(`docker push ${reference}`)
      expect(await isHere(reference)).to.equal(true)
    })

    it('if a push gets 429', async () => {
      const {registry} = closing(await refusingRegistry(429, 'TOOMANYREQUESTS'))
      await failure(push(await image(registry)), 'registry-busy')
    })

    it('if a proxy of the registry refuses a layer of its size', async () => {
      const {registry} = closing(await refusingRegistry(413, undefined))
      await failure(push(await image(registry)), 'registry-too-large')
    })

    describe('on an address other than loopback, where engines require TLS,', () => {
      /** An address of this machine other than loopback; docker has one for its bridge. */
      const host = Object.values(networkInterfaces())
        .flatMap((addresses) => addresses ?? [])
        .find(({family, internal}) => family === 'IPv4' && !internal)?.address

      it('if the registry speaks plain HTTP @classic', async () => {
        const {registry} = closing(await refusingRegistry(403, 'DENIED', {host}))
        const error = await failure(pull(`${registry}/keg/app:dev`), 'registry-insecure')
        expect(error.hint).to.contain('insecure-registries').and.to.contain(registry)
      })

      it('if the engine does not trust its certificate', async () => {
        const folder = await sandbox.temporaryFolder('certificate')
        const {certificate, key} = await makeCertificates(folder)
        const tls = {cert: await readFile(certificate), key: await readFile(key)}
        const {registry} = closing(await refusingRegistry(403, 'DENIED', {host, tls}))
        const error = await failure(pull(`${registry}/keg/app:dev`), 'registry-certificate')
        expect(error.hint).to.contain(`/etc/docker/certs.d/${registry}/ca.crt`)
      })
    })

    it('if a pull breaks off midway', async () => {
      const real = await image(openRegistry)
      await push(real)
      const way = closing(await proxy({registry: openRegistry, cut: {bytes: 1_000_000, direction: 'down'}}))
      await sandbox.removeImage(real)
      const reference = sandbox.addImage(real.replace(openRegistry, way.registry))
      const controller = new AbortController()
      const waiting: ProgressListener = ({note}) => {
        if (note?.startsWith('Retrying in ')) controller.abort(new Error('seen enough'))
      }
      const work = {engine, environment, signal: controller.signal}
      const outcome = await pullImage({...work, progress: waiting}, {reference: parseReference(reference)}).catch(
        (error: unknown) => error,
      )
      expect(way.cuts()).to.be.above(0)
      if (controller.signal.aborted) expect(outcome).to.equal(controller.signal.reason)
      else expect(outcome).to.have.property('code', 'registry-broke-off')
      expect(await isHere(reference)).to.equal(false)
    })
  })

  describe('when the registry breaks off midway in a push', () => {
    it('lets the engine retry visibly, or says what to do', async () => {
      const cut = {bytes: 2_000_000, direction: 'up', times: 1} as const
      const way = closing(await proxy({registry: openRegistry, pauseMilliseconds: 4, cut}))
      const reference = await image(way.registry)
      if (engine.imageStore === 'graph') {
        const {digest, bytes} = await push(reference)
        expect(events.some(({note}) => /^Retrying in \d+ second/.test(note ?? ''))).to.equal(true)
        expect(bytes).to.be.within(layerBytes, layerBytes * 1.05)
        expect(await digestInRegistry(reference)).to.equal(digest)
      } else {
        const error = await failure(push(reference), 'registry-broke-off')
        expect(isUnreachable(error)).to.equal(true)
        expect(error.hint).to.contain(`docker push ${reference}`)
        expect((await push(reference)).digest).to.equal(await digestInRegistry(reference))
      }
      expect(way.cuts()).to.equal(1)
    })
  })

  describe('aborted', () => {
    it('ends a push midway with the reason, and the registry has no such tag', async () => {
      const reference = await image(await slowRegistry())
      const controller = new AbortController()
      const reason = new Error('interrupted')
      const stopping: ProgressListener = ({done}) => {
        if (done !== undefined) controller.abort(reason)
      }
      const work = {engine, environment, signal: controller.signal}
      const before = Date.now()
      const outcome = await pushImage({...work, progress: stopping}, {reference: parseReference(reference)}).catch(
        (error: unknown) => error,
      )
      expect(outcome).to.equal(reason)
      expect(Date.now() - before).to.be.below(10_000)
      expect(await digestInRegistry(reference)).to.equal(undefined)
      expect(await isHere(reference)).to.equal(true)
    })

    it('starts nothing if it was aborted before @classic', async () => {
      const reason = new Error('interrupted')
      const outcome = await push(`${openRegistry}/keg/nothing:dev`, AbortSignal.abort(reason)).catch(
        (error: unknown) => error,
      )
      expect(outcome).to.equal(reason)
      expect(events).to.deep.equal([])
    })
  })
})
