/** Errors that a sound engine cannot be brought to, with a real one that is made to say something else at one place. */
import {expect} from 'chai'
import {randomUUID} from 'node:crypto'
import {Engine} from '../../../src/lib/engine/engine.js'
import {FailedError} from '../../../src/lib/error/keg-error.js'
import {HelperContainer} from '../../../src/lib/package/capture/helper-container.js'
import {extractLayers} from '../../../src/lib/package/image/stored-image.js'
import {packageContainer} from '../../../src/lib/package/package-container.js'
import {parseReference} from '../../../src/lib/reference/reference.js'
import {pullImage} from '../../../src/lib/registry/pull.js'
import {pushImage} from '../../../src/lib/registry/push.js'
import {silent} from '../../../src/lib/terminal/progress.js'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg} from '../../support/keg.js'
import {inContainer} from './packaging.js'
import {madeBy, stateOf, watchEngine, type WatchedEngine, type Watchers} from './watched-engine.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'

/** Changes the JSON of an answer. */
function json(change: (answer: Record<string, object>) => object): (body: Buffer) => Promise<Buffer> {
  return (body) =>
    Promise.resolve(Buffer.from(JSON.stringify(change(JSON.parse(body.toString('utf8')) as Record<string, object>))))
}

const refusal = {status: 500, body: {message: 'the test says no'}}

describe('an engine that does not do what it should', function () {
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

  /** Runs keg where it has to fail, and returns the error a script is told. */
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

  /** Whether the engine had been asked for this before the request. */
  const asked = (line: RegExp): boolean => engine?.requests.slice(0, -1).some((each) => line.test(each.line)) === true
  const inspection = (line: string): boolean => line === `GET /containers/${container}/json`

  const cases: Readonly<Record<string, {watchers: () => Watchers; says: RegExp}>> = {
    'engine-too-old': {
      watchers: () => ({
        altered: ({line}) =>
          line === 'GET /version' ? json((answer) => ({...answer, ApiVersion: '1.40'})) : undefined,
      }),
      says: /speaks API 1\.40; keg needs 1\.41/,
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
      says: /by somebody else while it was read/,
    },
    'engine-broke-off': {
      watchers: () => ({
        arriving: ({line}) => {
          if (line === 'POST /commit') throw new Error('the connection ends here')
        },
      }),
      says: /broke off in the middle/,
    },
    'engine-full': {
      watchers: () => ({
        instead: ({line}) =>
          line === 'POST /commit' ? {status: 500, body: {message: 'write /x: no space left on device'}} : undefined,
      }),
      says: /no room left/,
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
    'image-differs': {
      watchers: () => ({
        altered: ({line}) =>
          /^GET \/images\/[^/]+\/json$/.test(line) && asked(/^POST \/images\/load$/)
            ? json((answer) => ({...answer, RootFS: {Type: 'layers', Layers: [`sha256:${'0'.repeat(64)}`]}}))
            : undefined,
      }),
      says: /does not have it as it was written/,
    },
  }
  for (const [code, {says, watchers}] of Object.entries(cases)) {
    it(`is an error with the code ${code}, and nothing is left`, async () => {
      const watched = await watch(watchers())
      const error = await packaging(watched)
      expect(error).to.include({code, exitCode: 1})
      expect(error.message).to.match(says)
      expect(await madeBy(watched)).to.deep.equal([])
      expect(await stateOf(container)).to.equal('running false')
    })
  }

  it('and leaves the container paused says how to free it', async () => {
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

  it('and goes away is said to be lost, with what takes away what it left', async () => {
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

  it('and leads in circles is left', async () => {
    const stat = {name: 'data', size: 0, mode: 0x08_00_00_00, mtime: new Date(0), linkTarget: '/data'}
    const headers = {'x-docker-container-path-stat': Buffer.from(JSON.stringify(stat)).toString('base64')}
    const watched = await watch({
      instead: ({line}) => (/^HEAD \/containers\/\w+\/archive$/.test(line) ? {status: 200, headers} : undefined),
    })
    const client = await Engine.connect({...process.env, DOCKER_HOST: watched.host})
    try {
      const image = await docker(['image', 'inspect', '--format', '{{.Id}}', baseImage])
      await using helper = await HelperContainer.create({engine: client, image, run: randomUUID()})
      const outcome = await helper.followLinks('/data').catch((error: unknown) => error)
      expect(outcome).to.be.instanceOf(FailedError).with.property('code', 'link-loop')
    } finally {
      await client[Symbol.asyncDispose]()
    }
  })

  it('and does not hand out a layer is told so', async () => {
    const client = await Engine.connect(process.env)
    try {
      const layers = new Set([`sha256:${'0'.repeat(64)}`])
      const outcome = await extractLayers(client, baseImage, layers).catch((error: unknown) => error)
      expect(outcome).to.be.instanceOf(FailedError).with.property('code', 'layer-missing')
    } finally {
      await client[Symbol.asyncDispose]()
    }
  })

  it('and does not say that an image arrived is not believed', async () => {
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
      const options = {engine: client, reference: parseReference(reference), environment: {HOME: '/nowhere'}}
      const outcome = await pushImage(options).catch((error: unknown) => error)
      expect(outcome).to.be.instanceOf(FailedError).with.property('code', 'push-unconfirmed')
      expect(outcome).to.have.property('hint').that.contains(`docker push ${reference}`)
    } finally {
      await client[Symbol.asyncDispose]()
    }
  })

  it('packages nothing that is too large where somebody says no', async () => {
    const large = await sandbox.run(['-v', '/data', baseImage, 'sleep', '100000'])
    await docker(['exec', large, 'dd', 'if=/dev/zero', 'of=/data/sparse', 'bs=1', 'count=1', 'seek=1000000001'])
    const watched = await watch({})
    const never = (): Promise<never> => Promise.reject(new Error('nothing else is asked'))
    const folder = await sandbox.temporaryFolder('home')
    const outcome = await packageContainer({
      target: large,
      folder,
      environment: {...process.env, DOCKER_HOST: watched.host, HOME: folder},
      tags: ['one'],
      currentTag: undefined,
      name: uniqueName('cancelled'),
      registry: undefined,
      push: undefined,
      mounts: {policy: 'all', exclude: [], include: []},
      message: undefined,
      author: undefined,
      branch: undefined,
      dryRun: false,
      verify: false,
      questions: {possible: true, confirm: () => Promise.resolve(false), choose: never, text: never},
      say: () => undefined,
      onPlan: () => undefined,
      progress: silent,
      signal: new AbortController().signal,
    }).catch((error: unknown) => error)
    expect(outcome).to.be.instanceOf(FailedError).with.property('code', 'cancelled')
    expect(await madeBy(watched)).to.deep.equal([])
    expect(watched.requests.filter(({line}) => /pause|commit/.test(line))).to.deep.equal([])
  })

  describe('running a package', () => {
    const errors: Readonly<Record<string, {words: string[]; watchers?: Watchers; exit: number}>> = {
      'command-failed': {words: ['--', 'no-such-program'], exit: 127},
      'container-ended': {words: ['--wait', '5s', '--', 'sh', '-c', 'exit 7'], exit: 7},
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
      it(`is an error with the code ${code}, and nothing is left`, async () => {
        const name = uniqueName('failing')
        const flags = ['-d', '--pull', 'never', '--name', name, '--json']
        const error = await failure(['run', baseImage, ...flags, ...words], await watch(watchers ?? {}))
        expect(error).to.include({code, exitCode: exit})
        const left = await docker(['ps', '--all', '--quiet', '--filter', `name=${name}`])
        expect(left).to.equal('')
      })
    }
  })

  it('and a registry that has nothing for its platform is told so', async () => {
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
      const {digest} = await pushImage({engine: client, reference: parseReference(reference), environment})
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
      const outcome = await pullImage({engine: client, reference: other, environment}).catch((error: unknown) => error)
      expect(outcome).to.be.instanceOf(FailedError).with.property('code', 'image-platform-missing')
    } finally {
      await client[Symbol.asyncDispose]()
    }
  })
})
