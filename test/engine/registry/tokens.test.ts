import {expect} from 'chai'
import {randomBytes} from 'node:crypto'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {inspect} from 'node:util'
import {startRegistry} from '../../../scripts/setup/registry.js'
import {Engine} from '../../../src/lib/engine/engine.js'
import {FailedError} from '../../../src/lib/error/keg-error.js'
import {parseReference} from '../../../src/lib/reference/reference.js'
import {pullImage} from '../../../src/lib/registry/pull.js'
import {pushImage, type Pushed} from '../../../src/lib/registry/push.js'
import type {ProgressEvent} from '../../../src/lib/terminal/progress.js'
import {Sandbox, uniqueName} from '../../support/docker.js'
import {proxy, type StandIn} from './misbehaving-registry.js'
import {tokenRegistry, type TokenRegistry, type TokenRegistryOptions} from './token-registry.js'

const secret = 'sw0rdfish'
const login = `ann:${secret}`
const layerBytes = 3_000_000

describe('credentials and their tokens @each-store', function () {
  this.timeout(180_000)

  let engine: Engine
  let sandbox: Sandbox
  let folder: string
  let environment: NodeJS.ProcessEnv
  let open: {close(): Promise<void>}[]
  let events: ProgressEvent[]

  before(async () => {
    engine = await Engine.connect(process.env)
  })
  after(() => engine[Symbol.asyncDispose]())

  beforeEach(async () => {
    sandbox = new Sandbox()
    open = []
    events = []
    folder = await sandbox.temporaryFolder('docker-config')
    environment = {DOCKER_CONFIG: folder, HOME: folder, PATH: `${folder}:/usr/bin:/bin`}
  })

  afterEach(async () => {
    await sandbox.clean()
    await Promise.all(open.map((each) => each.close()))
  })

  function closing<T extends {close(): Promise<void>}>(each: T): T {
    open.push(each)
    return each
  }

  async function tokens(options: TokenRegistryOptions): Promise<TokenRegistry> {
    return closing(await tokenRegistry(options))
  }

  /** A proxy of the registry that takes this many seconds for each layer, however many are sent at once. */
  async function slow({registry}: StandIn, seconds = 3): Promise<StandIn & {sent(): number}> {
    return closing(await proxy({registry, pauseMilliseconds: seconds * 21}))
  }

  async function image(registry: string, layers = 1): Promise<string> {
    const entries = (): {path: string; content: Buffer}[] => [
      {path: randomBytes(8).toString('hex'), content: randomBytes(layerBytes)},
    ]
    const upperLayers = Array.from({length: layers - 1}, entries)
    return sandbox.imageFromFiles(`${registry}/keg/${uniqueName('token')}:dev`, entries(), {upperLayers})
  }

  function signIn(registry: string, entry: object = {auth: Buffer.from(login).toString('base64')}): Promise<void> {
    return writeFile(join(folder, 'config.json'), JSON.stringify({auths: {[registry]: entry}}))
  }

  /** A real helper that counts its calls and returns another secret at each: `one`, `two`, ... */
  async function changingHelper(registry: string, secrets: readonly string[]): Promise<() => Promise<number>> {
    const calls = join(folder, 'calls')
    const cases = secrets.map((each, index) => `${index + 1}) secret='${each}';;`)
    const script = [
      '#!/bin/sh',
      `echo called >>'${calls}'`,
      `case $(wc -l <'${calls}') in ${cases.join(' ')} esac`,
      `printf '{"Username":"ann","Secret":"%s"}' "$secret"`,
    ]
    await writeFile(join(folder, 'docker-credential-changing'), script.join('\n'), {mode: 0o755})
    await writeFile(join(folder, 'config.json'), JSON.stringify({credHelpers: {[registry]: 'changing'}}))
    return async () => (await readFile(calls, 'utf8')).split('\n').length - 1
  }

  function push(reference: string): Promise<Pushed> {
    const progress = (event: ProgressEvent): unknown => events.push(event)
    return pushImage({engine, environment, progress}, {reference: parseReference(reference)})
  }

  /** What the registry has under the reference, pulled after the engine's copy is removed. */
  async function pulled(reference: string): Promise<unknown> {
    await sandbox.removeImage(reference)
    const {digest} = await pullImage({engine, environment}, {reference: parseReference(reference)})
    expect(await engine.image(sandbox.addImage(reference))).not.to.equal(undefined)
    return digest
  }

  async function failure(work: Promise<unknown>, code: string): Promise<FailedError> {
    const outcome = await work.then(
      () => 'no failure',
      (error: unknown) => error,
    )
    expect(outcome).to.be.instanceOf(FailedError)
    expect(outcome).to.have.property('code', code)
    expect(inspect(outcome, {depth: 9})).not.to.contain(secret)
    return outcome as FailedError
  }

  const notes = (): unknown[] => [...new Set(events.map(({note}) => note))].filter((note) => note !== undefined)

  it('push and pull with a token server on another host, which alone gets them @containerd', async () => {
    const registry = await tokens({lets: (given) => given === login, realmHost: 'localhost'})
    await signIn(registry.registry)
    const reference = await image(registry.registry)
    const {digest} = await push(reference)
    expect(await pulled(reference)).to.equal(digest)
    expect(registry.requests).not.to.deep.equal([])
    for (const request of registry.requests) {
      expect(request.host).to.match(/^localhost:/)
      expect(request.login).to.equal(login)
    }
  })

  it('can be an identity token @classic', async () => {
    const registry = await tokens({lets: (given) => given === secret})
    await signIn(registry.registry, {auth: Buffer.from('ann:').toString('base64'), identitytoken: secret})
    const reference = await image(registry.registry)
    const {digest} = await push(reference)
    expect(await pulled(reference)).to.equal(digest)
  })

  it('can be missing, which a registry may accept @classic', async () => {
    const registry = await tokens({lets: (given) => given === undefined})
    const reference = await image(registry.registry)
    expect(await pulled(reference).catch(() => 'not there')).to.equal('not there')
    const again = await image(registry.registry)
    const {digest} = await push(again)
    expect(await pulled(again)).to.equal(digest)
  })

  it('can be podman’s, of the repository’s namespace @classic', async () => {
    const registry = await tokens({lets: (given) => given === login})
    const entry = {auth: Buffer.from(login).toString('base64')}
    const no = {auth: Buffer.from('eve:no').toString('base64')}
    const auths = {[registry.registry]: no, [`${registry.registry}/keg`]: entry}
    environment.REGISTRY_AUTH_FILE = join(folder, 'auth.json')
    await writeFile(environment.REGISTRY_AUTH_FILE, JSON.stringify({auths}))
    const reference = await image(registry.registry)
    const {digest} = await push(reference)
    expect(await pulled(reference)).to.equal(digest)
  })

  for (const odd of ['a:b::c', ' two  words ', '"quoted" \\ it\'s', 'ñ 日本語 🎉', '%41+&=#?/']) {
    it(`can have the password ${JSON.stringify(odd)} @classic`, async () => {
      const {address, stop} = await startRegistry({password: {user: 'ann', secret: odd}})
      closing({close: stop})
      await signIn(address, {auth: Buffer.from(`ann:${odd}`).toString('base64')})
      const reference = await image(address)
      const {digest} = await push(reference)
      expect(await pulled(reference)).to.equal(digest)
      await signIn(address, {auth: Buffer.from(`ann:${odd.slice(0, -1)}`).toString('base64')})
      await failure(push(reference), 'registry-unauthorized')
    })
  }

  describe('when a token expires', () => {
    it('during an upload, are used once more, visibly, and the push succeeds', async () => {
      const registry = await tokens({lets: (given) => given === login, lifetimeSeconds: [2, 1000]})
      const way = await slow(registry)
      await signIn(way.registry)
      const reference = await image(way.registry)
      const {digest, bytes} = await push(reference)
      expect(registry.requests).to.have.length(2)
      // A containerd image store gets another token itself; a classic one gives up.
      expect(notes()).to.deep.equal(engine.imageStore === 'graph' ? ['signing in again'] : [])
      expect(bytes).to.be.within(layerBytes, layerBytes * 1.05)
      expect(await pulled(reference)).to.equal(digest)
    })

    it('between two layers, no uploaded layer is sent again', async () => {
      // A classic image store sends five layers at a time: the token expires during the last two. Containerd's sends all at
      // once, and needs another token for the manifest.
      const first = engine.imageStore === 'graph' ? 10 : 4
      const registry = await tokens({lets: (given) => given === login, lifetimeSeconds: [first, 1000]})
      const way = await slow(registry, 6)
      await signIn(way.registry)
      const reference = await image(way.registry, 7)
      const {digest, bytes} = await push(reference)
      expect(registry.requests).to.have.length(2)
      expect(way.sent()).to.be.within(layerBytes * 7, layerBytes * 9.5)
      expect(bytes).to.be.within(layerBytes * 7, layerBytes * 7.1)
      expect(await pulled(reference)).to.equal(digest)
    })

    it('are looked up again, and a helper returns the current ones @classic', async () => {
      let valid = 'first'
      const lets = (given: string | undefined): boolean => {
        if (given !== `ann:${valid}`) return false
        valid = 'second'
        return true
      }
      const registry = await tokens({lets, lifetimeSeconds: [2, 1000]})
      const way = await slow(registry)
      const calls = await changingHelper(way.registry, ['first', 'second'])
      const reference = await image(way.registry)
      const {digest} = await push(reference)
      expect(digest).to.match(/^sha256:/)
      expect(await calls()).to.equal(2)
      expect(notes()).to.deep.equal(['signing in again'])
      expect(registry.requests.at(-1)?.login).to.equal('ann:second')
    })

    it('again before the push is finished, fail clearly after the second time, and the image is kept', async () => {
      const isGraph = engine.imageStore === 'graph'
      let asked = 0
      // A containerd image store would renew its token forever: it is accepted once.
      const lets = (given: string | undefined): boolean => given === login && (isGraph || ++asked === 1)
      const registry = await tokens({lets, lifetimeSeconds: [2]})
      const way = await slow(registry)
      await signIn(way.registry)
      const reference = await image(way.registry)
      const error = await failure(push(reference), 'registry-unauthorized')
      if (isGraph) {
        expect(error.message).to.contain(`During the push of ${reference}`)
        expect(registry.requests).to.have.length(2)
      }
      expect(error.message).to.contain(join(folder, 'config.json'))
      expect(error.hint).to.contain(`docker login ${way.registry}`).and.to.contain(`docker push ${reference}`)
      expect(notes()).to.deep.equal(['signing in again'])
      expect(await engine.image(reference)).not.to.equal(undefined)
    })
  })

  it('are not tried twice if they were never accepted @classic', async () => {
    const {registry} = await tokens({lets: () => false})
    const calls = await changingHelper(registry, ['first', 'second'])
    const work = pullImage({engine, environment}, {reference: parseReference(`${registry}/keg/app:dev`)})
    await failure(work, 'registry-unauthorized')
    expect(await calls()).to.equal(1)
  })

  describe('when the token server @classic', () => {
    it('is down, fail with its address', async () => {
      const registry = await tokens({lets: () => true})
      await registry.endTokens()
      await signIn(registry.registry)
      const work = pullImage({engine, environment}, {reference: parseReference(`${registry.registry}/keg/app:dev`)})
      const error = await failure(work, 'registry-unreachable')
      expect(error.message).to.contain(
        `The server ${new URL(registry.realm).host}, to which ${registry.registry} redirects`,
      )
    })

    it('does not respond, say so while the engine waits, and end at once when the user stops waiting', async () => {
      const registry = await tokens({lets: () => true, instead: () => true})
      await signIn(registry.registry)
      const controller = new AbortController()
      const reference = parseReference(`${registry.registry}/keg/app:dev`)
      let told = ''
      const progress = ({note}: ProgressEvent): void => {
        if (note === undefined) return
        told = note
        controller.abort(new Error('enough'))
      }
      const pulling = pullImage(
        {engine, environment, progress, signal: controller.signal},
        {reference, quietMilliseconds: 3000},
      )
      expect(await pulling.catch((error: unknown) => error)).to.equal(controller.signal.reason)
      expect(told).to.match(/^no word from the registry for \d+(\.\d)? s$/)
    })

    it('breaks off', async () => {
      const registry = await tokens({
        lets: () => true,
        instead: (_request, response) => {
          response.destroy()
          return true
        },
      })
      await signIn(registry.registry)
      const work = pullImage({engine, environment}, {reference: parseReference(`${registry.registry}/keg/app:dev`)})
      await failure(work, 'registry-broke-off')
    })

    it('redirects to another host, are sent only to the hosts that docker would send them to', async () => {
      const elsewhere: (string | undefined)[] = []
      const other = await tokens({
        lets: () => false,
        instead: (request, response) => {
          elsewhere.push(request.headers.authorization)
          response.writeHead(401).end('{}')
          return true
        },
      })
      const registry = await tokens({
        lets: () => true,
        instead: (_request, response) => {
          response.writeHead(302, {location: other.realm.replace('127.0.0.1', 'localhost')}).end()
          return true
        },
      })
      await signIn(registry.registry)
      const work = pullImage({engine, environment}, {reference: parseReference(`${registry.registry}/keg/app:dev`)})
      await failure(work, 'registry-unauthorized')
      expect(elsewhere).not.to.deep.equal([])
      expect(elsewhere.every((authorization) => authorization === undefined)).to.equal(true)
    })
  })
})
