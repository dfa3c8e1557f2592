import {expect} from 'chai'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg, startKeg, type KegOptions, type KegResult} from '../../support/keg.js'
import {watchRegistry, type RegistryWatchers, type WatchedRegistry} from '../registry/watched-registry.js'
import {expectSameFiles, inContainer, packageJson, waitingContainer} from './packaging.js'
import {madeBy, stateOf, watchEngine} from './watched-engine.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'
const MEGABYTE = 1024 * 1024

describe('keg docker package --pause @each-store', function () {
  this.timeout(180_000)
  const sandbox = new Sandbox()
  let open: {close(): Promise<void>}[] = []
  /** The image of the container, which the registry has too. */
  let base: string
  /** Everything that it has beyond its image is in a volume. */
  let container: string

  before(async () => {
    base = sandbox.addImage(`${openRegistry}/keg/${uniqueName('pause-base')}:1`)
    // With the mount point: the container's own layer stays empty.
    const mountPoint = {path: 'data', type: 'directory'} as const
    await docker(['tag', await sandbox.imageFromFiles(uniqueName('pause-base'), [mountPoint], {from: baseImage}), base])
    await docker(['push', '--quiet', base])
    container = await waitingContainer(
      sandbox,
      ['-v', '/data', base],
      `mkdir /data/inner; echo one > /data/inner/one; ln /data/inner/one /data/linked
       head -c ${12 * MEGABYTE} /dev/urandom > /data/large; head -c ${MEGABYTE} /dev/zero > /data/zeros`,
    )
  })
  afterEach(async () => {
    await Promise.all(open.map((each) => each.close()))
    open = []
  })
  after(() => sandbox.clean())

  function closing<T extends {close(): Promise<void>}>(resource: T): T {
    open.push(resource)
    return resource
  }

  const watched = async (watchers: RegistryWatchers = {}): Promise<WatchedRegistry> =>
    closing(await watchRegistry(openRegistry, watchers))

  const words = (reference: string, flags: readonly string[] = []): string[] => [
    ...['docker', 'package', container, '-t', reference, '--via', 'registry', ...flags],
  ]

  const stream = (reference: string, flags: readonly string[] = [], options: KegOptions = {}): Promise<KegResult> =>
    keg(words(reference, ['--pause', 'stream', ...flags]), options)

  const isPaused = async (): Promise<boolean> => (await stateOf(container)).endsWith(' true')

  it('stream sends mounts while the container is paused, and writes no file for them', async () => {
    const states = new Map<string, boolean>()
    const registry = await watched({
      arriving: async ({line}) => {
        if (/^PUT \S+\/manifests\//.test(line)) states.set(line.replace(/^.*\/manifests\//, ''), await isPaused())
      },
    })
    const reference = sandbox.addImage(`${registry.registry}/keg/${uniqueName('pause')}:dev`)
    // The engine knows the base image's digest for this registry, which has it.
    const through = sandbox.addImage(`${registry.registry}/${base.slice(base.indexOf('/') + 1)}`)
    await docker(['tag', base, through])
    await docker(['push', '--quiet', through])
    states.clear()
    // No temporary file can be created.
    const result = packageJson(await stream(reference, ['--json'], {env: {TMPDIR: '/nonexistent'}}))
    expect(result).to.deep.include({pause: 'stream', pushed: true, image: null, layers: 3})
    expect(result.pausedMilliseconds).to.be.above(0)
    const [first, last] = [...states.values()]
    expect([first, last], 'paused when it is complete, and not when it gets its tag').to.deep.equal([true, false])
    expect(await isPaused()).to.equal(false)
    await docker(['pull', '--quiet', reference])
    await expectSameFiles(container, reference)
  })

  it('stream sends nothing again that the registry has, and can be verified @classic', async () => {
    const registry = await watched()
    const reference = sandbox.addImage(`${registry.registry}/keg/${uniqueName('pause')}:dev`)
    const env = {XDG_STATE_HOME: await sandbox.temporaryFolder('state')}
    const first = packageJson(await stream(reference, ['--json', '--verify'], {env}))
    expect(first.verification).to.deep.include({differences: []})
    const before = registry.bytes()
    expect(before).to.be.above(12 * MEGABYTE)
    packageJson(await stream(reference, ['--json'], {env}))
    expect(registry.bytes() - before).to.be.below(MEGABYTE / 10)
  })

  it('short unpauses it before anything is sent @containerd', async () => {
    let wasPaused = false
    let isUnpaused = false
    const registry = await watched({
      arriving: async ({line}) => {
        if (isUnpaused && line.startsWith('PATCH')) wasPaused ||= await isPaused()
      },
    })
    const engine = closing(
      await watchEngine({
        answered({line}) {
          if (line.endsWith('/unpause')) isUnpaused = true
        },
      }),
    )
    const reference = `${registry.registry}/keg/${uniqueName('pause')}:dev`
    const ran = await keg(words(reference, ['--json']), {env: {DOCKER_HOST: engine.host}})
    expect(packageJson(ran)).to.deep.include({pause: 'short'})
    expect([isUnpaused, wasPaused]).to.deep.equal([true, false])
  })

  it('stream leaves nothing, and the container running, if it is stopped while a layer is sent @containerd', async () => {
    let isStopped = false
    const registry = await watched({
      arriving: ({bytes, line}) => {
        if (isStopped || !/^(PATCH|PUT) \S+\/blobs\/uploads\/ID$/.test(line) || bytes > 0) return
        isStopped = true
        running.kill('SIGINT')
      },
    })
    const engine = closing(await watchEngine())
    const reference = `${registry.registry}/keg/${uniqueName('pause')}:dev`
    const running = await startKeg(words(reference, ['--pause', 'stream']), {env: {DOCKER_HOST: engine.host}})
    const ended = await running.ended
    expect(ended.code, ended.stderr).to.equal(130)
    expect(ended.leftovers).to.deep.equal([])
    expect(await madeBy(engine)).to.deep.equal([])
    expect(await stateOf(container)).to.equal('running false')
  })

  it('stream is refused for a package that the engine or a file gets @classic', async () => {
    const reference = `${openRegistry}/keg/${uniqueName('pause')}:dev`
    const viaRegistry = ['--via', 'registry']
    for (const flags of [['--load', ...viaRegistry], ['--output', 'a.tar', '--push', ...viaRegistry], ['--no-push']]) {
      const {code, stderr} = await keg(['docker', 'package', container, '-t', reference, '--pause', 'stream', ...flags])
      expect([code, /Only a package that goes straight into a registry/.test(stderr)], stderr).to.deep.equal([2, true])
    }
  })

  it('short is refused before the container is paused, if there is too little space for the recordings @classic', async () => {
    const volume = sandbox.addVolume(uniqueName('small'))
    const size = ['--opt', 'type=tmpfs', '--opt', 'device=tmpfs', '--opt', 'o=size=1m']
    await docker(['volume', 'create', '--label', sandbox.label, ...size, volume])
    await sandbox.run(['-v', `${volume}:/small`, baseImage, 'sleep', '100000'])
    const folder = await docker(['volume', 'inspect', '--format', '{{.Mountpoint}}', volume])
    const requests: string[] = []
    const engine = closing(await watchEngine({answered: ({line}) => void requests.push(line)}))
    const reference = `${openRegistry}/keg/${uniqueName('pause')}:dev`
    const ran = await keg(words(reference, ['--json']), {env: {DOCKER_HOST: engine.host, TMPDIR: folder}})
    expect(ran.code).to.equal(1)
    expect(ran.json()).to.have.nested.property('error.code', 'spool-failed')
    expect((ran.json() as {error: {message: string}}).error.message).to.match(
      /^The mounts take about 13\.\d MB to be recorded, and \S+ \S+ are free in \S+\. Nothing was paused\.$/,
    )
    expect(requests.filter((line) => line.endsWith('/pause'))).to.deep.equal([])
    await inContainer(container, 'true')
  })
})
