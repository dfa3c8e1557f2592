/** What the tests work with that kill engines, registries and kegs: an engine of their own, in which nothing else is. */
import {expect} from 'chai'
import {setTimeout as wait} from 'node:timers/promises'
import {startOwnEngine, type OwnEngine} from '../../../scripts/setup/own-engine.js'
import {Engine} from '../../../src/lib/engine/engine.js'
import {findLeftovers, removeLeftover} from '../../../src/lib/maintenance/leftovers.js'
import {baseImage, docker, dockerStream, uniqueName} from '../../support/docker.js'
import {keg, type KegResult} from '../../support/keg.js'
import {stateOf} from '../package/watched-engine.js'

export interface BedOptions {
  /** More of the engine's daemon.json. */
  readonly settings?: Record<string, unknown>
  /** Its data lies on a file system that holds no more than this. */
  readonly dataBytes?: number
  /** Size of the large file in the container's mount; default: none. */
  readonly megabytes?: number
}

/** Prints all that the container holds of its own. */
const contents = 'cd / && cat own data/one data/inner/two && sha256sum data/large'

/**
 * An engine of the same kind as the engine of the tests, with a container that runs, has mounts and can be packaged. While
 * the bed stands, it is the engine of everything that these tests start.
 */
export class OwnBed {
  readonly #hostBefore = process.env.DOCKER_HOST
  #baseline: readonly string[] = []

  private constructor(
    readonly engine: OwnEngine,
    readonly kind: 'classic' | 'containerd',
  ) {}

  /** The container's id. */
  container = ''
  #contents = ''

  static async start({dataBytes, megabytes = 0, settings = {}}: BedOptions = {}): Promise<OwnBed> {
    await using usual = await Engine.connect(process.env)
    const kind = usual.imageStore === 'containerd' ? 'containerd' : 'classic'
    const base = await saved(baseImage)
    // So that containers run on when their engine is killed, as people set it who want that.
    const engine = await startOwnEngine({
      kind,
      settings: {'live-restore': true, ...settings},
      ...(dataBytes !== undefined && {dataBytes}),
    })
    const bed = new OwnBed(engine, kind)
    process.env.DOCKER_HOST = engine.host
    try {
      await docker(['load'], {input: base})
      const options = ['-v', '/data', '-v', '/data/inner', '--stop-timeout', '1']
      bed.container = await docker(['run', '-d', '--pull', 'never', ...options, baseImage, 'sleep', '100000'])
      await bed.execute('echo one >/data/one; echo two >/data/inner/two; echo own >/own')
      await bed.renew(megabytes)
      await bed.remember()
      return bed
    } catch (error) {
      await bed.stop()
      throw error
    }
  }

  async stop(): Promise<void> {
    if (this.#hostBefore === undefined) delete process.env.DOCKER_HOST
    else process.env.DOCKER_HOST = this.#hostBefore
    await this.engine.stop()
  }

  /** Runs shell lines in the container. */
  async execute(script: string): Promise<string> {
    return docker(['exec', this.container, 'sh', '-ec', script])
  }

  /** Gives the large file of the container a size and other contents, so that no layer of an earlier package is the next one's. */
  async renew(megabytes: number): Promise<void> {
    await this.execute(`dd if=/dev/urandom of=/data/large bs=1M count=${megabytes} 2>/dev/null`)
    this.#contents = await this.execute(contents)
  }

  /** An image under a name that a package is to get. Returns its id. */
  async earlier(reference: string): Promise<string> {
    const id = await docker(['commit', '--message', uniqueName('earlier'), this.container, reference])
    // A name that it keeps, whatever becomes of the other.
    await docker(['tag', id, 'kept:earlier'])
    await this.remember()
    return id
  }

  /** What is in the engine now is what `expectMended` wants to find. */
  async remember(): Promise<void> {
    this.#baseline = await this.inside()
  }

  /** All containers, images and volumes in the engine. */
  async inside(): Promise<string[]> {
    const lists = await Promise.all([
      docker(['ps', '--all', '--no-trunc', '--format', 'container {{.ID}} {{.Status}}']),
      docker(['images', '--all', '--no-trunc', '--format', 'image {{.ID}} {{.Repository}}:{{.Tag}}']),
      docker(['volume', 'ls', '--format', 'volume {{.Name}}']),
    ])
    // How long a container runs is no matter. Whether it is paused this list of docker's does not tell once the disk was full.
    const rows = lists.join('\n').replace(/( Up| Exited \(\d+\)) [^\n]+/g, '$1')
    return rows
      .split('\n')
      .filter((line) => line !== '')
      .sort()
  }

  /** The package under a name holds all that the container holds, as whoever runs it sees it. */
  async expectWhole(reference: string, moment: string): Promise<void> {
    const line = ['run', '--rm', '--pull', 'never', '--network', 'none', reference, 'sh', '-c', contents]
    expect(await docker(line), `what ${reference} holds, ${moment}`).to.equal(this.#contents)
  }

  /** A name is the earlier image's, or that of a whole package, which is then taken away. Returns which. */
  async settleName(reference: string, earlier: string, moment: string): Promise<'earlier' | 'package'> {
    const holder = await docker(['image', 'inspect', '--format', '{{.Id}}', reference])
    if (holder === earlier) return 'earlier'
    await this.expectWhole(reference, moment)
    await docker(['tag', earlier, reference])
    await docker(['image', 'rm', holder])
    return 'package'
  }

  /** Takes away what dead kegs left, as `keg doctor --fix` does, which takes longer: it looks at much else. */
  async mend(): Promise<void> {
    await using engine = await Engine.connect(process.env)
    for (const leftover of await findLeftovers(engine, process.env)) await removeLeftover(engine, leftover, process.env)
  }

  /** All that was left can be found and taken away, the container goes on, and nothing else is lost. */
  async expectMended(moment: string): Promise<void> {
    await this.mend()
    await this.expectClean(moment)
  }

  /** `keg doctor --fix` finds all that was left and takes it away, the container goes on, and nothing else is lost. */
  async expectMendedByDoctor(moment: string): Promise<void> {
    const {code, stderr} = await keg(['doctor', '--fix', '--yes'])
    // What else it may find wrong with this machine is no matter here.
    expect(code, stderr).to.be.oneOf([0, 1, 4])
    await this.expectClean(moment)
  }

  /** Nothing is left, nothing else is lost, and the container runs. */
  async expectClean(moment: string): Promise<void> {
    expect(await this.inside(), `in the engine, ${moment}`).to.deep.equal(this.#baseline)
    expect(await stateOf(this.container), `the container, ${moment}`).to.equal('running false')
    expect(await this.execute('echo alive')).to.equal('alive')
  }

  /** The next keg says that the container stands still and how it goes on, unless it runs. */
  async expectTold(moment: string): Promise<void> {
    if ((await stateOf(this.container)) === 'running false') return
    const name = await docker(['inspect', '--format', '{{slice .Name 1}}', this.container])
    const {stderr} = await keg(['docker', 'package', 'run', '127.0.0.1:1/nowhere:x', '--pull', 'never'])
    expect(stderr, moment).to.match(new RegExp(`${name} stands still: .*Let it go on with: docker unpause ${name}\n`))
  }
}

/** A run that was cut off says what happened and what to do; it neither hangs nor shows its own bowels. */
export function expectClearError({code, leftovers, stderr, stdout}: KegResult, exit: number, moment: string): void {
  const said = `${moment}:\n${stderr}${stdout}`
  expect(code, said).to.equal(exit)
  expect(stderr, said).to.match(/^Error: .+\n.+\n$/m)
  expect(stderr, said).not.to.match(/^ +at |node:internal|\b[A-Z]\w*Error\b|\bE[A-Z]{4,}\b|undefined|\[object/m)
  expect(leftovers, said).to.deep.equal([])
}

/** A process takes a while to be gone for those it was connected with. */
export function untilItIsNoticed(): Promise<void> {
  return wait(20)
}

/** Whoever asked may be gone: what an engine has begun, such as an image that it has whole, it ends a moment later. */
export function untilEngineIsIdle(): Promise<void> {
  return wait(500)
}

async function saved(image: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of dockerStream(['save', image])) chunks.push(chunk)
  return Buffer.concat(chunks)
}
