import {expect} from 'chai'
import {stat} from 'node:fs/promises'
import {join} from 'node:path'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg} from '../../support/keg.js'
import {imageLayers} from '../../support/layers.js'
import {writeTar, type FileEntry} from '../../support/tar.js'
import {watchRegistry} from '../registry/watched-registry.js'
import {
  expectSameContainer,
  expectSameFiles,
  inContainer,
  mountAt,
  packageJson,
  packageOf,
  pathsBelow,
  waitingContainer,
} from './packaging.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'

/** Bytes that cannot be compressed, the same in each run. */
function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = seed + 1
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

/** A folder of a project: its sources, what it depends on, and a large file. */
const project: readonly FileEntry[] = [
  {path: 'package.json', content: '{}'},
  {path: 'src/main.js', content: 'start()\n'},
  {path: 'src/deep/er/module.js', content: 'export {}\n'},
  ...Array.from({length: 1500}, (_, index) => ({
    path: `node_modules/package-${Math.floor(index / 10)}/${index}.js`,
    content: noise(8000, index),
  })),
  {path: 'data.bin', content: noise(8_000_000, 0)},
]

/** How many of its mount's layers a package has, and how many of those another package has too. */
async function mountLayersOf(reference: string, other?: string): Promise<{all: number; kept: number}> {
  const layersIn = async (image: string): Promise<string[]> => {
    const {configuration} = await imageLayers(image)
    const mounts = JSON.parse(configuration.config.Labels?.['com.keg.package.mounts'] ?? '[]') as {layer: string}[]
    return mounts.map(({layer}) => layer)
  }
  const layers = await layersIn(reference)
  const known = new Set(other === undefined ? [] : await layersIn(other))
  return {all: layers.length, kept: layers.filter((layer) => known.has(layer)).length}
}

describe('keg docker package of a mount that is split into layers @each-store', function () {
  this.timeout(240_000)
  const sandbox = new Sandbox()
  let image: string
  let container: string

  /** Runs a container of the image with a volume that hides what the image has. */
  const onVolume = async (): Promise<string[]> => [
    ...['--mount', `type=volume,source=${await sandbox.volume()},target=/app,volume-nocopy`, image],
  ]

  before(async () => {
    image = await sandbox.imageFromFiles(
      uniqueName('split'),
      [
        {path: 'app/of-the-image', content: 'hidden'},
        {path: 'app/src/old.js', content: 'hidden'},
      ],
      {from: baseImage},
    )
    container = await waitingContainer(sandbox, await onVolume(), 'true')
    await docker(['cp', '-', `${container}:/app`], {input: writeTar(project)})
    await inContainer(
      container,
      `chmod 751 /app /app/node_modules; chown 7:8 /app/src; ln -s src/main.js /app/link; mkfifo /app/node_modules/fifo
       ln /app/node_modules/package-140/1400.js /app/src/linked.js; mkdir -m 700 /app/empty; echo own > /own`,
    )
  })
  after(() => sandbox.clean())

  it('holds what the container holds, is predicted by a dry run, and is one mount for whoever inspects it', async () => {
    const plan = packageJson(
      await keg(['docker', 'package', container, '-t', uniqueName('dry'), '--dry-run', '--json']),
    )
    const made = await packageOf(sandbox, container, ['--verify'])
    expect(made.verification).to.deep.include({differences: []})
    expect({layers: plan.layers, entries: plan.entries}).to.deep.equal({layers: made.layers, entries: made.entries})
    expect(mountAt(made, '/app').bytes).to.equal(mountAt(plan, '/app').bytes)
    expect(plan.bytes).to.be.closeTo(made.bytes, made.bytes / 20)
    const files = await expectSameFiles(container, made.reference)
    await expectSameContainer(container, made.reference)
    expect(pathsBelow(files, '/app')).to.not.include.members(['/app/of-the-image', '/app/src/old.js'])
    expect(made.entries).to.equal(pathsBelow(files, '/app').length + 1)
    const {all} = await mountLayersOf(made.reference)
    expect(all).to.be.within(10, 60)

    const verified = await keg(['docker', 'package', 'verify', made.reference, '--json'])
    expect(verified.json(), verified.stderr).to.deep.include({
      differenceCount: 0,
      entries: made.verification?.entries,
      unchangedLayers: made.layers - all - 1,
    })
    const {stdout} = await keg(['docker', 'package', 'inspect', made.reference])
    expect(stdout.match(/Mount .*/g)).to.have.lengthOf(1)
    expect(stdout).to.match(new RegExp(`Mount +/app: volume, \\d+(\\.\\d)? MB in ${all} layers, in the package`))
  })

  it('is the same for the same files in another container @containerd', async () => {
    const copies = []
    for (const files of [project, [...project].reverse()]) {
      const copy = await waitingContainer(sandbox, await onVolume(), 'mkdir /app/src')
      await docker(['cp', '-', `${copy}:/app`], {input: writeTar(files)})
      // Times are part of what a container has.
      await inContainer(copy, 'find /app -exec touch -d @1700000000 {} +')
      copies.push((await packageOf(sandbox, copy)).reference)
    }
    const {all, kept} = await mountLayersOf(copies[1] ?? '', copies[0])
    expect(all).to.be.at.least(10)
    expect(kept).to.equal(all)
  })

  it('is replaced, and not stacked, when its package is packaged again', async () => {
    const one = await packageOf(sandbox, container)
    const again = await waitingContainer(
      sandbox,
      ['-v', '/app', one.reference],
      'echo more >> /app/src/main.js; rm /app/data.bin',
    )
    const two = await packageOf(sandbox, again, ['--verify'])
    const files = await expectSameFiles(again, two.reference)
    expect(pathsBelow(files, '/app')).to.not.include('/app/data.bin')
    const layersBelow = one.layers - (await mountLayersOf(one.reference)).all
    const {all, kept} = await mountLayersOf(two.reference, one.reference)
    expect(two.layers - all).to.be.within(layersBelow, layersBelow + 1)
    expect(kept).to.be.at.least(all - 5)
  })

  it('sends one small layer after an edit of one line, straight into a registry @classic', async () => {
    const registry = await watchRegistry(openRegistry)
    try {
      const state = await sandbox.temporaryFolder('state')
      const reference = sandbox.addImage(`${registry.registry}/keg/${uniqueName('split')}:dev`)
      const run = async (flags: readonly string[] = []) => {
        const before = registry.bytes()
        const words = ['docker', 'package', container, '-t', reference, '--via', 'registry', '--json', ...flags]
        const result = packageJson(await keg(words, {env: {XDG_STATE_HOME: state}}))
        return {result, sent: registry.bytes() - before}
      }
      const first = await run(['--verify'])
      expect(first.result.verification).to.deep.include({differences: []})
      await inContainer(container, "echo '// edited' >> /app/src/main.js")
      const second = await run(['--verify'])
      expect(second.sent).to.be.below(first.sent / 100)
      await inContainer(container, "echo '// edited' >> /app/node_modules/package-7/70.js")
      const third = await run()
      // One of the layers into which the folder is cut.
      expect(third.sent).to.be.below(first.sent / 10)
      await docker(['pull', '--quiet', reference])
      await expectSameFiles(container, reference)
    } finally {
      await registry.close()
    }
  })

  it('leaves out of a file what an earlier file has @classic', async () => {
    const folder = await sandbox.temporaryFolder()
    const write = async (file: string, flags: readonly string[] = []): Promise<number> => {
      const name = sandbox.addImage(`${uniqueName('split-file')}:dev`)
      const {code, stderr} = await keg(['docker', 'package', container, '-t', name, '-o', file, ...flags], {
        cwd: folder,
      })
      expect(code, stderr).to.equal(0)
      return (await stat(join(folder, file))).size
    }
    const whole = await write('one.tar', ['--verify'])
    await inContainer(container, "echo '// once more' >> /app/src/main.js")
    expect(await write('two.tar', ['--since', './one.tar'])).to.be.below(whole / 50)
    for (const file of ['one.tar', 'two.tar']) {
      const words = ['docker', 'package', 'run', `./${file}`, '--rm', '--', 'tail', '-n', '1', '/app/src/main.js']
      const {code, stderr, stdout} = await keg(words, {cwd: folder})
      expect([code, stdout], stderr).to.deep.equal([0, file === 'one.tar' ? '// edited\n' : '// once more\n'])
    }
  })
})
