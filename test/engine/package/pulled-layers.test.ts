import {expect} from 'chai'
import {randomBytes} from 'node:crypto'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg} from '../../support/keg.js'
import {manifestOf} from '../../support/registry.js'
import {watchRegistry, type WatchedRegistry} from '../registry/watched-registry.js'
import {inContainer, packageJson, waitingContainer} from './packaging.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'

/** What keg puts on top of the container's image: its own layer, and those of two volumes. */
const NEW_LAYERS = 3

interface Packaged {
  readonly name: string
  /** Digests of its layers in the registry, from the bottom. */
  readonly layers: readonly string[]
}

describe('what keg docker package run pulls @each-store', function () {
  this.timeout(180_000)
  const sandbox = new Sandbox()
  let registry: WatchedRegistry
  let repository: string
  let container: string
  /** keg's state, for several runs. */
  let state: string

  before(async () => {
    registry = await watchRegistry(openRegistry)
    state = await sandbox.temporaryFolder('state')
    repository = `keg/${uniqueName('pulled')}`
    const files = [{path: '/base/random', content: randomBytes(100_000)}]
    const built = await sandbox.imageFromFiles(uniqueName('pulled-base'), files, {from: baseImage})
    // A reviewer of the app has its image from the registry, too.
    const base = sandbox.addImage(`${registry.registry}/${repository}:base`)
    await docker(['tag', built, base])
    await docker(['push', '--quiet', base])
    container = await waitingContainer(
      sandbox,
      ['-v', '/data', '-v', '/inner', base],
      'echo own >/own; head -c 100000 /dev/urandom >/data/random; head -c 100000 /dev/urandom >/inner/random',
    )
  })

  after(async () => {
    await registry.close()
    await sandbox.clean()
  })

  /** Packages the container straight into the registry, so that the engine has only what it had before. */
  async function packaged(tag: string): Promise<Packaged> {
    const name = sandbox.addImage(`${registry.registry}/${repository}:${tag}`)
    const line = ['docker', 'package', container, '-t', name, '--via', 'registry', '--json']
    packageJson(await keg(line, {env: {XDG_STATE_HOME: state}}))
    const {manifest} = await manifestOf(openRegistry, repository, tag)
    return {name, layers: manifest.layers.map(({digest}) => digest)}
  }

  /** Runs a package. @returns the layers that the engine reads from the registry for it */
  async function pulled({layers, name}: Packaged): Promise<string[]> {
    const before = registry.requests.length
    const run = await keg(['docker', 'package', 'run', name, '--detach', '--wait', '0', '--json'])
    expect(run.code, run.stdout + run.stderr).to.equal(0)
    sandbox.addContainer(String(run.json().container))
    const lines = registry.requests.slice(before).map(({line}) => line)
    expect(lines.join('\n'), 'the engine asks for it').to.include('/manifests/')
    return layers.filter((digest) => lines.some((line) => line.startsWith('GET ') && line.endsWith(digest)))
  }

  it('is no layer that the engine has: first the new ones, and later only what has changed', async () => {
    const isContainerd = (await docker(['info', '--format', '{{json .DriverStatus}}'])).includes('containerd')
    const first = await packaged('one')
    const ofBase = first.layers.length - NEW_LAYERS
    expect(ofBase).to.be.greaterThan(1)
    /** A containerd store may still have the layer of the commit that keg read, until it collects garbage. */
    const expectPulled = async (what: Packaged, expected: readonly string[]): Promise<void> => {
      const found = await pulled(what)
      const isCertain = (digest: string): boolean => !isContainerd || digest !== what.layers[ofBase]
      expect(found.filter(isCertain)).to.deep.equal(expected.filter(isCertain))
      expect(expected).to.include.members(found)
    }
    await expectPulled(first, first.layers.slice(ofBase))
    await expectPulled(first, [])

    await inContainer(container, 'echo changed >/inner/random')
    const second = await packaged('two')
    expect(second.layers.slice(0, -1)).to.deep.equal(first.layers.slice(0, -1))
    await expectPulled(second, second.layers.slice(-1))

    // A classic store knows a layer only together with those below it.
    await inContainer(container, 'echo changed >/own')
    const third = await packaged('three')
    const changed = third.layers.filter((digest) => !second.layers.includes(digest))
    expect(changed).to.deep.equal(third.layers.slice(ofBase, ofBase + 1))
    await expectPulled(third, isContainerd ? changed : third.layers.slice(ofBase))
  })
})
