/** Test bed for tests that kill engines, registries and kegs: a separate engine with nothing else in it. */
import {expect} from 'chai'
import {setTimeout as wait} from 'node:timers/promises'
import {startOwnEngine, type OwnEngine} from '../../../scripts/setup/own-engine.js'
import {Engine} from '../../../src/lib/engine/engine.js'
import {findLeftovers, removeLeftover} from '../../../src/lib/container/leftover/leftovers.js'
import {baseImage, docker, dockerStream, uniqueName} from '../../support/docker.js'
import {keg, type KegResult} from '../../support/keg.js'
import {stateOf} from '../package/watched-engine.js'

/** How often a container is asked whether it runs. */
const MAX_TRIES = 10

export interface BedOptions {
  /** More of the engine's daemon.json. */
  readonly settings?: Record<string, unknown>
  /** Size limit of the file system with its data. */
  readonly dataBytes?: number
  /** Size of the large file in the container's mount; default: none. */
  readonly megabytes?: number
}

/** Prints the contents of the container's writable layer and mounts. */
const contents = 'cd / && cat own data/one data/inner/two && sha256sum data/large'

/**
 * An engine with the image store of the tests' engine, and a running container with mounts that can be packaged. Until it is
 * stopped, everything that these tests start uses this engine.
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
    // live-restore: containers keep running when their engine is killed.
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

  /** Gives the container's large file a size and new contents, so that no layer of an earlier package is reused. */
  async renew(megabytes: number): Promise<void> {
    await this.execute(`dd if=/dev/urandom of=/data/large bs=1M count=${megabytes} 2>/dev/null`)
    this.#contents = await this.execute(contents)
  }

  /** Creates an image under a name meant for a package. Returns its id. */
  async earlier(reference: string): Promise<string> {
    const id = await docker(['commit', '--message', uniqueName('earlier'), this.container, reference])
    // A second name keeps it, whatever happens to the first.
    await docker(['tag', id, 'kept:earlier'])
    await this.remember()
    return id
  }

  /** Another running container with the same mounts, until it is disposed of. */
  async writer(): Promise<AsyncDisposable & {readonly id: string}> {
    const line = ['run', '-d', '--pull', 'never', '--volumes-from', this.container, '--stop-timeout', '1']
    const id = await docker([...line, baseImage, 'sleep', '100000'])
    await this.remember()
    const remove = async (): Promise<void> => {
      await docker(['rm', '--force', id])
      await this.remember()
    }
    return {id, [Symbol.asyncDispose]: remove}
  }

  /** Makes `expectMended` expect what is in the engine now. */
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
    // Ignores how long a container has run. After a full disk, this list does not show reliably whether it is paused.
    const rows = lists.join('\n').replace(/( Up| Exited \(\d+\)) [^\n]+/g, '$1')
    return rows
      .split('\n')
      .filter((line) => line !== '')
      .sort()
  }

  /**
   * Expects the package to hold everything the container holds, as seen when it is run. The container compares it: a busy engine may lose
   * the output of one that ends at once (it waits two seconds for it: moby, daemon/monitor.go), but never how it ended.
   */
  async expectWhole(reference: string, moment: string): Promise<void> {
    const compare = `[ "$(${contents})" = "$0" ] || { ${contents}; exit 1; }`
    const options = ['--rm', '--pull', 'never', '--network', 'none']
    try {
      await docker(['run', ...options, reference, 'sh', '-c', compare, this.#contents])
    } catch (error) {
      expect.fail(`what ${reference} holds, ${moment}, is not ${this.#contents}: ${String(error)}`)
    }
  }

  /** Expects a name to be of the earlier image or of a complete package, which is then removed. Returns which. */
  async settleName(reference: string, earlier: string, moment: string): Promise<'earlier' | 'package'> {
    const holder = await docker(['image', 'inspect', '--format', '{{.Id}}', reference])
    if (holder === earlier) return 'earlier'
    await this.expectWhole(reference, moment)
    await docker(['tag', earlier, reference])
    await docker(['image', 'rm', holder])
    return 'package'
  }

  /** Removes what dead kegs left, like `keg doctor --fix`, which takes longer because it checks much else. */
  async fix(): Promise<void> {
    await using engine = await Engine.connect(process.env)
    for (const leftover of await findLeftovers(engine, process.env)) await removeLeftover(engine, leftover, process.env)
  }

  /** Expects that everything left can be found and removed, the container runs, and nothing else is lost. */
  async expectMended(moment: string): Promise<void> {
    await this.fix()
    await this.expectClean(moment)
  }

  /** Expects `keg doctor --fix` to find and remove everything left; the container runs, and nothing else is lost. */
  async expectMendedByDoctor(moment: string): Promise<void> {
    const {code, stderr} = await keg(['doctor', '--fix', '--yes'])
    // Other problems of this machine do not matter here.
    expect(code, stderr).to.be.oneOf([0, 1, 4])
    await this.expectClean(moment)
  }

  /** Expects that nothing is left, nothing else is lost, and the container runs. */
  async expectClean(moment: string): Promise<void> {
    expect(await this.inside(), `in the engine, ${moment}`).to.deep.equal(this.#baseline)
    expect(await stateOf(this.container), `the container, ${moment}`).to.equal('running false')
    expect(await this.#answer(), `in the container, ${moment}`).to.equal('alive')
  }

  /** What the container answers. An engine that was killed may need a moment until it reaches its containers again. */
  async #answer(): Promise<string> {
    for (let tries = 1; ; tries++) {
      const said = await this.execute('echo alive').catch((error: unknown) => String(error))
      if (said === 'alive' || tries === MAX_TRIES) return said
      await wait(500)
    }
  }

  /** Expects the next keg to say that the container is paused and how to resume it, unless it runs. */
  async expectTold(moment: string): Promise<void> {
    if ((await stateOf(this.container)) === 'running false') return
    const name = await docker(['inspect', '--format', '{{slice .Name 1}}', this.container])
    const {stderr} = await keg(['docker', 'package', 'run', '127.0.0.1:1/nowhere:x', '--pull', 'never'])
    expect(stderr, moment).to.match(new RegExp(`${name} is paused: .*Resume it with: docker unpause ${name}\n`))
  }
}

/** Expects an aborted run to say what happened and what to do, without hanging or showing internals. */
export function expectClearError({code, leftovers, stderr, stdout}: KegResult, exit: number, moment: string): void {
  const said = `${moment}:\n${stderr}${stdout}`
  expect(code, said).to.equal(exit)
  expect(stderr, said).to.match(/^Error: .+\n.+\n$/m)
  expect(stderr, said).not.to.match(/^ +at |node:internal|\b[A-Z]\w*Error\b|\bE[A-Z]{4,}\b|undefined|\[object/m)
  expect(leftovers, said).to.deep.equal([])
}

/** It takes a while until its peers notice that a process is gone. */
export function untilItIsNoticed(): Promise<void> {
  return wait(20)
}

/** The client may be gone: the engine finishes what it has begun a moment later, such as an image that it has received. */
export function untilEngineIsIdle(): Promise<void> {
  return wait(500)
}

async function saved(image: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of dockerStream(['save', image])) chunks.push(chunk)
  return Buffer.concat(chunks)
}
