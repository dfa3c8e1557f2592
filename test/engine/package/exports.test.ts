/** How often a package reads from the engine: images and mounts may be large. */
import {expect} from 'chai'
import {Engine} from '../../../src/lib/engine/engine.js'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {snapshotImageFiles} from '../../support/snapshot.js'
import {writeTar} from '../../support/tar.js'
import {packageOf, pathsBelow, waitingContainer} from './packaging.js'
import {watchEngine} from './watched-engine.js'

describe('keg docker package: what it reads @each-store', function () {
  this.timeout(120_000)
  let sandbox: Sandbox
  let keepsBlobs: boolean

  before(async () => {
    await using engine = await Engine.connect(process.env)
    keepsBlobs = engine.imageStore === 'containerd'
  })
  beforeEach(() => {
    sandbox = new Sandbox()
  })
  afterEach(() => sandbox.clean())

  /** Packages a container. @returns the reference, and the requests to the engine. */
  async function requestsFor(container: string, ...flags: readonly string[]): Promise<[string, string[]]> {
    const engine = await watchEngine()
    try {
      const {reference} = await packageOf(sandbox, container, flags, {env: {DOCKER_HOST: engine.host}})
      return [reference, engine.requests.map(({line}) => line)]
    } finally {
      await engine.close()
    }
  }

  const exportsIn = (lines: readonly string[]): string[] => lines.filter((line) => /^GET \/images\/get$/.test(line))
  const archivesIn = (lines: readonly string[]): string[] => lines.filter((line) => /^GET .*\/archive$/.test(line))

  it('is an image once at most if only an export shows its layers, and never if the engine lists them', async () => {
    const image = await sandbox.imageFromFiles(uniqueName('read'), [{path: '/cache', type: 'directory'}], {
      from: baseImage,
    })
    const first = await waitingContainer(sandbox, ['-v', '/data', image], 'echo 1 > /data/first; echo 1 > /own')
    const [one, plain] = await requestsFor(first)
    expect(exportsIn(plain)).to.have.length(keepsBlobs ? 1 : 0)

    // All at once: the layer of a mount to be replaced, excluded files, and files that a mount hides.
    const second = await waitingContainer(
      sandbox,
      ['-v', '/data', '--tmpfs', '/cache', one],
      'echo 2 > /data/second; echo 2 > /own; mkdir /logs; echo 2 > /logs/2',
    )
    await docker(['cp', '-', `${second}:/cache`], {input: writeTar([{path: 'below the mount', content: 'x'}])})
    const [two, requests] = await requestsFor(second, '--exclude', '/logs')
    if (keepsBlobs) expect(exportsIn(requests)).to.have.length(1)
    const files = await snapshotImageFiles(two)
    expect(pathsBelow(files, '/data')).to.deep.equal(['/data/first', '/data/second'])
    expect(pathsBelow(files, '/cache')).to.deep.equal([])
    expect([files.has('/own'), files.has('/logs')]).to.deep.equal([true, false])
  })

  it('is a mount once to measure it, and once while the container is paused', async () => {
    const container = await waitingContainer(sandbox, ['-v', '/data', baseImage], 'echo 1 > /data/first')
    const [, lines] = await requestsFor(container)
    const [paused, unpaused] = ['pause', 'unpause'].map((step) => lines.findIndex((line) => line.endsWith(`/${step}`)))
    const reads = archivesIn(lines.slice(paused, unpaused))
    expect(reads).to.have.length(1)
    expect(lines.slice(0, paused).filter((line) => line === reads[0])).to.have.length(1)
    expect(lines.slice(unpaused)).to.not.include(reads[0])
  })
})
