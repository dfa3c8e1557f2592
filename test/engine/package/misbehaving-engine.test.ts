/** Errors that a working engine does not make, from a real one with one response replaced. */
import {expect} from 'chai'
import {Engine} from '../../../src/lib/engine/engine.js'
import {FailedError} from '../../../src/lib/error/keg-error.js'
import {Cleanup} from '../../../src/lib/async/cleanup.js'
import {imageStoreOf} from '../../../src/lib/image/store/store-of-engine.js'
import {PathPatterns} from '../../../src/lib/package/exclude/path-patterns.js'
import {packageContainer} from '../../../src/lib/package/package-container.js'
import {parseReference} from '../../../src/lib/reference/reference.js'
import {pullImage} from '../../../src/lib/registry/pull.js'
import {pushImage} from '../../../src/lib/registry/push.js'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg} from '../../support/keg.js'
import {runAdvice} from '../../support/run-advice.js'
import {inContainer} from './packaging.js'
import {madeBy, stateOf, watchEngine, type EngineRequest, type WatchedEngine, type Watchers} from './watched-engine.js'
import {testWork} from '../../support/work.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'

/** Changes the JSON of a response. */
function json(change: (answer: Record<string, object>) => object): (body: Buffer) => Promise<Buffer> {
  return (body) =>
    Promise.resolve(Buffer.from(JSON.stringify(change(JSON.parse(body.toString('utf8')) as Record<string, object>))))
}

const refusal = {status: 500, body: {message: 'the test says no'}}

/** A step in which the engine's image store can lose a race; undefined for other requests. */
function stepOnStore({line, query}: EngineRequest): string | undefined {
  const steps = {
    'the commit': /^POST \/commit$/,
    'the load': /^POST \/images\/load$/,
    'the history': /^GET .*\/history$/,
  }
  for (const [step, pattern] of Object.entries(steps)) if (pattern.test(line)) return step
  if (line !== 'POST /containers/create') return undefined
  return /^keg-helper-lock-/.test(query.get('name') ?? '') ? 'the lock' : 'a helper'
}

describe('a misbehaving engine @containerd', function () {
  this.timeout(120_000)

  let sandbox: Sandbox
  let container: string
  let engine: WatchedEngine | undefined

  before(async () => {
    sandbox = new Sandbox()
    container = await sandbox.run(['-v', '/data', baseImage, 'sleep', '100000'])
    await inContainer(container, 'echo one >/data/one')
  })
  afterEach(async () => {
    await engine?.close()
    engine = undefined
  })
  after(() => sandbox.clean())

  async function watch(watchers: Watchers): Promise<WatchedEngine> {
    engine = await watchEngine(watchers)
    return engine
  }

  /** Runs keg, which must fail, and returns the error for scripts. */
  async function failure(line: readonly string[], {host}: WatchedEngine): Promise<Record<string, unknown>> {
    const run = await keg(['docker', 'package', ...line], {env: {DOCKER_HOST: host}})
    expect(run.leftovers).to.deep.equal([])
    const {error} = run.json() as {error: Record<string, unknown>}
    expect(run.code).to.equal(error.exitCode)
    expect(error.message).to.match(/\w/)
    expect(error.hint).to.match(/\w/)
    return error
  }

  function packaging(watched: WatchedEngine): Promise<Record<string, unknown>> {
    return failure([container, '--name', uniqueName('failing'), '-t', 'one', '--json'], watched)
  }

  /** Whether the engine had this request before the current one. */
  const asked = (line: RegExp): boolean => engine?.requests.slice(0, -1).some((each) => line.test(each.line)) === true
  const inspection = (line: string): boolean => line === `GET /containers/${container}/json`

  const cases: Readonly<Record<string, {watchers: () => Watchers; says: RegExp}>> = {
    'engine-too-old': {
      watchers: () => ({
        altered: ({line}) =>
          line === 'GET /version' ? json((answer) => ({...answer, ApiVersion: '1.40'})) : undefined,
      }),
      says: /has API 1\.40; keg needs 1\.41/,
    },
    'container-dead': {
      watchers: () => ({
        altered: ({line}) =>
          inspection(line) ? json((answer) => ({...answer, State: {Dead: true, Status: 'dead'}})) : undefined,
      }),
      says: /is dead/,
    },
    'container-gone': {
      watchers: () => ({
        instead: ({line}) =>
          inspection(line) && asked(/^GET \/containers\/\w+\/archive$/)
            ? {status: 404, body: {message: 'No such container'}}
            : undefined,
      }),
      says: /was removed meanwhile/,
    },
    'pause-failed': {
      watchers: () => ({
        instead: ({line}) => (line === `POST /containers/${container}/pause` ? refusal : undefined),
      }),
      says: /cannot be paused: the test says no/,
    },
    'commit-failed': {
      watchers: () => ({instead: ({line}) => (line === 'POST /commit' ? refusal : undefined)}),
      says: /cannot commit .*: the test says no/,
    },
    'container-moved': {
      watchers: () => ({
        altered: ({line}) =>
          inspection(line) && asked(/^POST \/commit$/)
            ? json((answer) => ({...answer, State: {...answer.State, StartedAt: '2001-01-01T00:00:00Z'}}))
            : undefined,
      }),
      says: /was started, stopped or unpaused while it was read/,
    },
    'engine-broke-off': {
      watchers: () => ({
        arriving: ({line}) => {
          if (line === 'POST /commit') throw new Error('the connection ends here')
        },
      }),
      says: /ended in the middle/,
    },
    'engine-full': {
      watchers: () => ({
        instead: ({line}) =>
          line === 'POST /commit' ? {status: 500, body: {message: 'write /x: no space left on device'}} : undefined,
      }),
      says: /no space left/,
    },
    'commit-lost': {
      watchers: () => ({
        instead: ({line}) =>
          /^GET \/images\/[^/]+\/json$/.test(line) && asked(/^POST \/commit$/)
            ? {status: 404, body: {message: 'No such image'}}
            : undefined,
      }),
      says: /lost the commit/,
    },
    'files-missing': {
      watchers: () => ({
        // Files in a mount are in no commit.
        altered: ({line}) =>
          line === `GET /containers/${container}/changes`
            ? () => Promise.resolve(Buffer.from(JSON.stringify([{Path: '/data/one', Kind: 1}])))
            : undefined,
      }),
      says: /commit lacks \/data\/one, which the container has/,
    },
    'image-differs': {
      watchers: () => ({
        altered: ({line}) =>
          /^GET \/images\/[^/]+\/json$/.test(line) && asked(/^POST \/images\/load$/)
            ? json((answer) => ({...answer, RootFS: {Type: 'layers', Layers: [`sha256:${'0'.repeat(64)}`]}}))
            : undefined,
      }),
      says: /stored it differently/,
    },
  }
  for (const [code, {says, watchers}] of Object.entries(cases)) {
    it(`makes keg fail with the code ${code}, and nothing is left`, async () => {
      const watched = await watch(watchers())
      const error = await packaging(watched)
      expect(error).to.include({code, exitCode: 1})
      expect(error.message).to.match(says)
      expect(await madeBy(watched)).to.deep.equal([])
      expect(await stateOf(container)).to.equal('running false')
    })
  }

  it('that has half removed a container is reported with the command that removes the rest', async () => {
    const id = await sandbox.run([baseImage, 'sleep', '100000'])
    const watched = await watch({
      altered: ({line}) =>
        line === `GET /containers/${id}/json`
          ? json((answer) => ({...answer, State: {Dead: true, Status: 'dead'}}))
          : undefined,
    })
    const {hint} = await failure([id, '-t', 'one', '--json'], watched)
    await runAdvice(String(hint), 'docker rm')
    expect(await docker(['ps', '--all', '--quiet', '--filter', `id=${id}`])).to.equal('')
  })

  it('that leaves the container paused is reported with the way to unpause it', async () => {
    const isUnpausing = (line: string): boolean => line === `POST /containers/${container}/unpause`
    const watched = await watch({instead: ({line}) => (isUnpausing(line) ? refusal : undefined)})
    try {
      const error = await packaging(watched)
      expect(error).to.include({code: 'unpause-failed', exitCode: 1})
      expect(error.hint).to.contain('docker unpause ')
      expect(await stateOf(container)).to.equal('paused true')
    } finally {
      await docker(['unpause', container])
    }
    for (const each of await madeBy(watched)) sandbox.addContainer(each.split(' ')[1] ?? '')
  })

  it('that disappears is reported as lost, with the way to remove what is left', async () => {
    const watched = await watch({
      arriving: ({line}) => {
        if (line === 'POST /commit') watched.hangUp()
      },
    })
    try {
      const error = await packaging(watched)
      expect(error).to.include({code: 'engine-lost', exitCode: 4})
      expect(error.hint).to.contain('keg doctor --fix')
    } finally {
      if ((await stateOf(container)) === 'paused true') await docker(['unpause', container])
      for (const each of await madeBy(watched)) {
        const [kind, id = ''] = each.split(' ')
        if (kind === 'container') sandbox.addContainer(id)
        else sandbox.addImage(id)
      }
    }
  })

  it('that does not export a layer is reported', async () => {
    const client = await Engine.connect(process.env)
    try {
      const layers = new Set([`sha256:${'0'.repeat(64)}`])
      const details = await client.image(baseImage)
      if (details === undefined) throw new Error('the base image is not there')
      await using cleanup = new Cleanup()
      const stored = await imageStoreOf(client).open(details, {cleanup})
      const outcome = await stored.keep(layers).catch((error: unknown) => error)
      expect(outcome).to.be.instanceOf(FailedError).with.property('code', 'layer-missing')
    } finally {
      await client[Symbol.asyncDispose]()
    }
  })

  it('that does not confirm a push is not believed', async () => {
    const reference = `${openRegistry}/${uniqueName('unconfirmed')}:dev`
    await docker(['tag', baseImage, sandbox.addImage(reference)])
    const watched = await watch({
      altered: ({line}) =>
        /^POST \/images\/.*\/push$/.test(line)
          ? () => Promise.resolve(Buffer.from('{"status":"The push refers to repository"}\n'))
          : undefined,
    })
    const client = await Engine.connect({...process.env, DOCKER_HOST: watched.host})
    try {
      const work = {engine: client, environment: {HOME: '/nowhere'}}
      const outcome = await pushImage(work, {reference: parseReference(reference)}).catch((error: unknown) => error)
      expect(outcome).to.be.instanceOf(FailedError).with.property('code', 'push-unconfirmed')
      expect(outcome).to.have.property('hint').that.contains(`docker push ${reference}`)
    } finally {
      await client[Symbol.asyncDispose]()
    }
  })

  describe('that ends a transfer', () => {
    const broken = 'read unix @->/run/containerd/containerd.sock: read: connection reset by peer'
    const reference = parseReference(`${openRegistry}/${uniqueName('dying')}:dev`)
    const environment = {HOME: '/nowhere'}
    const transfer: Readonly<Record<string, (client: Engine) => Promise<unknown>>> = {
      push: (client) => pushImage({engine: client, environment}, {reference}),
      pull: (client) => pullImage({engine: client, environment}, {reference}),
    }

    /** The outcome of a transfer if the engine responds with this, and then possibly disappears. */
    async function outcomeOf(action: string, message: object, dies: boolean): Promise<unknown> {
      const watched = await watch({
        instead: ({line}) => {
          if (!/^POST \/images\/(?:.*\/push|create)$/.test(line)) return undefined
          if (dies) setTimeout(() => watched.hangUp(), 100)
          return {status: 200, body: message}
        },
      })
      const client = await Engine.connect({...process.env, DOCKER_HOST: watched.host})
      try {
        return await transfer[action]?.(client).catch((error: unknown) => error)
      } finally {
        await client[Symbol.asyncDispose]()
      }
    }

    for (const action of Object.keys(transfer))
      for (const said of [broken, 'unexpected EOF', 'rpc error: code = Unavailable desc = transport is closing'])
        it(`during a ${action} and disappears, is lost, and no registry is blamed: ${said}`, async () => {
          const outcome = await outcomeOf(action, {errorDetail: {message: said}, error: said}, true)
          expect(outcome).to.include({code: 'engine-lost', exitCode: 4})
        })

    it('during a push without an error and disappears, is lost', async () => {
      const watched = await watch({
        instead: ({line}) => {
          if (!/\/push$/.test(line)) return undefined
          watched.hangUp()
          return {status: 200, body: {status: 'The push refers to repository'}}
        },
      })
      const client = await Engine.connect({...process.env, DOCKER_HOST: watched.host})
      try {
        const outcome = await transfer.push?.(client).catch((error: unknown) => error)
        expect(outcome).to.include({code: 'engine-lost', exitCode: 4})
      } finally {
        await client[Symbol.asyncDispose]()
      }
    })

    it('with an error of its own connection, broke off: no registry is blamed', async () => {
      const outcome = await outcomeOf('push', {errorDetail: {message: broken}}, false)
      expect(outcome).to.include({code: 'engine-broke-off', exitCode: 1})
    })

    it('with an error that only a registry can cause: the registry is blamed', async () => {
      const outcome = await outcomeOf('push', {errorDetail: {message: 'unexpected EOF'}}, false)
      expect(outcome).to.include({code: 'registry-broke-off', exitCode: 1})
    })
  })

  it('that ends the connection while it is sent an image is sent it again', async () => {
    let sent = 0
    const watched = await watch({
      arriving: ({line}) => {
        if (line === 'POST /images/load' && ++sent === 1) throw new Error('the connection ends here')
      },
    })
    const line = ['docker', 'package', container, '--name', uniqueName('again'), '-t', 'one', '--json']
    const run = await keg(line, {env: {DOCKER_HOST: watched.host}})
    expect(run.code, run.stdout + run.stderr).to.equal(0)
    sandbox.addImage((run.json() as {reference: string}).reference)
    expect(sent).to.be.greaterThan(1)
  })

  it('that loses a race in its image store is asked again', async () => {
    const missing = new Set<string>()
    const watched = await watch({
      instead: (request) => {
        const step = stepOnStore(request)
        if (step === undefined || missing.has(step)) return undefined
        missing.add(step)
        const message = `failed to prepare: parent snapshot sha256:${'0'.repeat(64)} does not exist: not found`
        return {status: 500, body: {message}}
      },
    })
    const line = ['docker', 'package', container, '--name', uniqueName('race'), '-t', 'one', '--json']
    const run = await keg(line, {env: {DOCKER_HOST: watched.host}})
    expect(run.code, run.stdout + run.stderr).to.equal(0)
    sandbox.addImage((run.json() as {reference: string}).reference)
    expect([...missing]).to.have.members(['a helper', 'the lock', 'the commit', 'the load', 'the history'])
  })

  it('packages nothing too large if the user says no', async () => {
    const large = await sandbox.run(['-v', '/data', baseImage, 'sleep', '100000'])
    await docker(['exec', large, 'dd', 'if=/dev/zero', 'of=/data/sparse', 'bs=1', 'count=1', 'seek=1000000001'])
    const watched = await watch({})
    const never = (): Promise<never> => Promise.reject(new Error('nothing else is asked'))
    const folder = await sandbox.temporaryFolder('home')
    await using work = testWork({
      folder,
      environment: {...process.env, DOCKER_HOST: watched.host, HOME: folder},
      prompt: {isInteractive: true, confirm: () => Promise.resolve(false), choose: never, text: never},
    })
    const outcome = await packageContainer(work, {
      target: large,
      tags: ['one'],
      currentTag: undefined,
      name: uniqueName('cancelled'),
      registry: undefined,
      push: undefined,
      via: 'engine',
      load: false,
      compression: 'gzip',
      level: undefined,
      acceptReplaced: false,
      pauseWriters: false,
      pause: 'short',
      replaceTag: false,
      mounts: {policy: 'all', exclude: [], include: []},
      exclude: PathPatterns.parse('--exclude', []),
      excludeEnvironment: [],
      allowedSecrets: PathPatterns.parse('--allow-secret', []),
      message: undefined,
      author: undefined,
      branch: undefined,
      dryRun: false,
      verify: false,
      output: undefined,
      since: undefined,
      stdout: undefined,
      onPlan: () => undefined,
    }).catch((error: unknown) => error)
    expect(outcome).to.be.instanceOf(FailedError).with.property('code', 'cancelled')
    expect(await madeBy(watched)).to.deep.equal([])
    expect(watched.requests.filter(({line}) => /pause|commit/.test(line))).to.deep.equal([])
  })

  describe('running a package', () => {
    const errors: Readonly<Record<string, {words: string[]; watchers?: Watchers; exit: number}>> = {
      'command-failed': {words: ['--', 'no-such-program'], exit: 127},
      'container-ended': {words: ['--rm', '--wait', '5s', '--', 'sh', '-c', 'exit 7'], exit: 7},
      'network-unknown': {words: ['--network', uniqueName('nowhere'), '--', 'true'], exit: 125},
      'start-failed': {
        words: ['--', 'true'],
        watchers: {instead: ({line}) => (/^POST \/containers\/\w+\/start$/.test(line) ? refusal : undefined)},
        exit: 125,
      },
      'image-missing': {
        words: [],
        watchers: {
          instead: ({line}) =>
            /^GET \/images\/.*\/json$/.test(line) ? {status: 404, body: {message: 'No such image'}} : undefined,
        },
        exit: 125,
      },
    }
    for (const [code, {exit, watchers, words}] of Object.entries(errors)) {
      it(`makes keg fail with the code ${code}, and nothing is left`, async () => {
        const name = uniqueName('failing')
        const flags = ['-d', '--pull', 'never', '--name', name, '--json']
        const error = await failure(['run', baseImage, ...flags, ...words], await watch(watchers ?? {}))
        expect(error).to.include({code, exitCode: exit})
        const left = await docker(['ps', '--all', '--quiet', '--filter', `name=${name}`])
        expect(left).to.equal('')
      })
    }
  })

  it('and a registry without an image for its platform: keg says so', async () => {
    const repository = `keg/${uniqueName('platform')}`
    const address = `http://${openRegistry}/v2/${repository}`
    const put = async (path: string, body: Buffer, type: string): Promise<void> => {
      const response = await fetch(`${address}/${path}`, {method: 'PUT', body, headers: {'content-type': type}})
      expect(response.status, path).to.equal(201)
    }
    const reference = `${openRegistry}/${repository}:one`
    await docker(['tag', baseImage, sandbox.addImage(reference)])
    const client = await Engine.connect(process.env)
    try {
      const environment = {HOME: '/nowhere'}
      const {digest} = await pushImage({engine: client, environment}, {reference: parseReference(reference)})
      const mediaType = 'application/vnd.docker.distribution.manifest.v2+json'
      const kept = await fetch(`${address}/manifests/${digest}`, {
        headers: {accept: `${mediaType}, application/vnd.oci.image.manifest.v1+json`},
      })
      const size = (await kept.arrayBuffer()).byteLength
      const foreign = {
        schemaVersion: 2,
        mediaType: 'application/vnd.docker.distribution.manifest.list.v2+json',
        manifests: [
          {mediaType: kept.headers.get('content-type'), digest, size, platform: {os: 'linux', architecture: 's390x'}},
        ],
      }
      await put('manifests/other', Buffer.from(JSON.stringify(foreign)), foreign.mediaType)
      const other = parseReference(`${openRegistry}/${repository}:other`)
      const outcome = await pullImage({engine: client, environment}, {reference: other}).catch(
        (error: unknown) => error,
      )
      expect(outcome).to.be.instanceOf(FailedError).with.property('code', 'image-platform-missing')
    } finally {
      await client[Symbol.asyncDispose]()
    }
  })
})
