import {expect} from 'chai'
import {readdir, readFile, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as wait} from 'node:timers/promises'
import {startRegistry} from '../../../scripts/setup/registry.js'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg, startKeg, type KegResult, type RunningKeg} from '../../support/keg.js'
import {expectSameFiles, inContainer, waitingContainer} from '../package/packaging.js'
import {removeMadeBy, watchEngine} from '../package/watched-engine.js'
import {watchRegistry, type RegistryRequest, type WatchedRegistry} from '../registry/watched-registry.js'

const MEGABYTE = 1024 * 1024
/** Of random bytes in the mount: they cannot be compressed. */
const SIZE = 28 * MEGABYTE
/** Of the first chunks. */
const CHUNK = 4 * MEGABYTE
/** The layers of the base image, and what compression adds. */
const REST = 2 * MEGABYTE

describe('an upload of --via registry that was interrupted @each-store', function () {
  this.timeout(180_000)
  const sandbox = new Sandbox()
  let server: Awaited<ReturnType<typeof startRegistry>>
  let registry: WatchedRegistry
  let arriving: (request: RegistryRequest) => Promise<void> | void
  let passing: (request: RegistryRequest) => boolean
  let container: string
  let state: string
  let reference: string
  let chunks: number

  before(async () => {
    server = await startRegistry()
    registry = await watchRegistry(server.address, {
      arriving: (request) => arriving(request),
      breaksOff: (request) => passing(request),
    })
    container = await waitingContainer(sandbox, ['-v', '/data', baseImage], 'echo one >/data/one; echo own >/own')
  })

  beforeEach(async () => {
    await renew()
    state = await sandbox.temporaryFolder('state')
    reference = sandbox.addImage(`${registry.registry}/keg/${uniqueName('unfinished')}:dev`)
    watchNothing()
  })

  after(async () => {
    await sandbox.clean()
    await registry.close()
    await server.stop()
  })

  /** Gives the container other files. */
  async function renew(): Promise<void> {
    await inContainer(container, `head -c ${SIZE} /dev/urandom >/data/large`)
  }

  function watchNothing(): void {
    arriving = () => undefined
    passing = () => false
    chunks = 0
  }

  /** Whether a request is a certain chunk, counted from 1. */
  const isChunk = ({line}: RegistryRequest, number: number): boolean => line.startsWith('PATCH') && ++chunks === number

  const line = (): string[] => ['docker', 'package', container, '-t', reference, '--via', 'registry']
  const start = (env: NodeJS.ProcessEnv = {}): Promise<RunningKeg> =>
    startKeg(line(), {env: {XDG_STATE_HOME: state, ...env}})

  /** Starts a keg, waits until somebody kills it, and removes what it leaves in the engine. */
  async function startAndKill(onStart: (running: RunningKeg) => void): Promise<void> {
    const engine = await watchEngine()
    try {
      const running = await start({DOCKER_HOST: engine.host})
      onStart(running)
      expect((await running.ended).code).to.equal(137)
    } finally {
      await engine.close()
      await removeMadeBy(engine)
    }
  }

  /** Packages without any interruption. @returns the bytes that the registry got */
  async function packageAgain(): Promise<number> {
    watchNothing()
    const before = registry.bytes()
    expectPackaged(await keg(line(), {env: {XDG_STATE_HOME: state}}))
    return registry.bytes() - before
  }

  function expectPackaged({code, leftovers, stderr}: KegResult): void {
    expect(code, stderr).to.equal(0)
    expect(leftovers).to.deep.equal([])
  }

  /** What a reviewer pulls is what the container has, and keg's state has no upload any more. @param kept how many it has */
  async function expectWhole({kept = 0}: {readonly kept?: number} = {}): Promise<void> {
    await docker(['pull', '--quiet', reference])
    await expectSameFiles(container, reference)
    expect(await readdir(join(state, 'keg', 'uploads'))).to.have.lengthOf(kept)
  }

  /** Presses Ctrl-C when the second chunk begins. @returns how many bytes the registry then has */
  async function interrupt(): Promise<number> {
    const running = await (async () => {
      let pressed = (): void => undefined
      arriving = (request) => (isChunk(request, 2) ? pressed() : undefined)
      const begun = await start()
      pressed = () => begun.kill('SIGINT')
      return begun
    })()
    const ended = await running.ended
    expect(ended.code, ended.stderr).to.equal(130)
    expect(ended.leftovers).to.deep.equal([])
    const [, kept] =
      /^(\S+ keeps \S+ MB of unfinished layers\. The next package continues from there\.)$/m.exec(ended.stderr) ?? []
    expect(kept, ended.stderr).to.match(new RegExp(`^${registry.registry} keeps `))
    expect(ended.stderr).to.match(/Error: Stopped by SIGINT\.\nEverything temporary has been removed\.\n$/)
    return (await record()).bytes
  }

  /** What keg remembers of the only upload. */
  async function record(): Promise<{readonly bytes: number; readonly path: string}> {
    const folder = join(state, 'keg', 'uploads')
    const names = await readdir(folder)
    expect(names).to.have.lengthOf(1)
    const file = join(folder, names[0] ?? '')
    expect((await stat(file)).mode & 0o777).to.equal(0o600)
    return JSON.parse(await readFile(file, 'utf8')) as {bytes: number; path: string}
  }

  it('by Ctrl-C goes on where it was @classic', async () => {
    const kept = await interrupt()
    expect(kept).to.be.least(2 * CHUNK)
    expect(await packageAgain()).to.be.below(SIZE - kept + REST)
    await expectWhole()
  })

  it('by Ctrl-C goes on where it was in the writable layer', async () => {
    await inContainer(container, 'mv /data/large /large')
    const kept = await interrupt()
    expect(kept).to.be.least(2 * CHUNK)
    expect(await packageAgain()).to.be.below(SIZE - kept + REST)
    await expectWhole()
    await inContainer(container, 'rm /large')
  })

  it('by kill -9 goes on behind the last chunk that the registry confirmed @containerd', async () => {
    let kill = (): Promise<unknown> => Promise.resolve()
    arriving = async (request) => {
      if (!isChunk(request, 3)) return
      await kill()
      throw new Error('keg is gone')
    }
    await startAndKill((running) => (kill = () => (running.kill('SIGKILL'), running.ended)))
    const {bytes} = await record()
    expect(bytes).to.be.least(2 * CHUNK)
    expect(await packageAgain()).to.be.below(SIZE - bytes + REST)
    await expectWhole()
  })

  it('by kill -9 within a chunk begins again if the registry cannot go on there @classic', async () => {
    let kill = (): void => undefined
    passing = ({bytes, line: each}) => {
      if (each.startsWith('PATCH') && bytes > MEGABYTE && registry.lines(/^PATCH/).length > 1) kill()
      return false
    }
    await startAndKill((running) => (kill = () => running.kill('SIGKILL')))
    // distribution 2.8 refuses to say how much it has.
    expect(await packageAgain()).to.be.within(SIZE, SIZE + REST)
    await expectWhole()
  })

  it('begins again if the registry has forgotten it @containerd', async () => {
    await interrupt()
    const {path} = await record()
    const answer = await fetch(`http://${server.address}${path}`, {method: 'DELETE'})
    expect(answer.status).to.equal(204)
    expect(await packageAgain()).to.be.within(SIZE, SIZE + REST)
    await expectWhole()
  })

  it('is not used for other content @containerd', async () => {
    await interrupt()
    await renew()
    expect(await packageAgain()).to.be.within(SIZE, SIZE + REST)
    // That of a layer which no longer is in the mount is kept until it is too old: the mount may become again what it was.
    await expectWhole({kept: 1})
  })

  describe('by a restart of the registry', () => {
    it('between two chunks, goes on @containerd', async () => {
      arriving = async (request) => {
        if (!isChunk(request, 3)) return
        await server.kill()
        void wait(1000).then(server.start)
        throw new Error('the registry is gone')
      }
      const before = registry.bytes()
      expectPackaged(await (await start()).ended)
      expect(registry.bytes() - before).to.be.within(SIZE, SIZE + REST)
      await expectWhole()
    })

    it('within a chunk, sends the layer again @classic', async () => {
      let isOver = false
      passing = ({bytes, line: each}) => {
        if (isOver || !each.startsWith('PATCH') || bytes < MEGABYTE) return false
        isOver = true
        void server
          .kill()
          .then(() => wait(1000))
          .then(server.start)
        return true
      }
      expectPackaged(await (await start()).ended)
      await expectWhole()
    })
  })
})
