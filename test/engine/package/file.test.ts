import {expect} from 'chai'
import {execFile, spawn} from 'node:child_process'
import {createHash} from 'node:crypto'
import {once} from 'node:events'
import {mkdtemp, open, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {compareSnapshots} from '../../support/compare.js'
import {baseImage, docker, filesOf, Sandbox, uniqueName} from '../../support/docker.js'
import {keg, prepare, program, startKeg, type KegResult} from '../../support/keg.js'
import {runAdvice} from '../../support/run-advice.js'
import {snapshotContainer, snapshotImageFiles, type Snapshot} from '../../support/snapshot.js'
import {alteredTar} from './altered-tar.js'
import {expectSameFiles, inContainer, labelsOf, packageJson, temporaryThings, waitingContainer} from './packaging.js'
import {kegOnTerminal} from './terminal.js'
import {watchEngine} from './watched-engine.js'

const run = promisify(execFile)
const registry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'
const MEGABYTE = 1024 * 1024
const noEngine = {DOCKER_HOST: 'unix:///nowhere/docker.sock'}

interface FileJson {
  readonly digest: string | null
  readonly file: string | null
  readonly fileBytes: number | null
  readonly image: string | null
  readonly pushed: boolean
  readonly reference: string
  readonly run: string
  readonly verification: {readonly entries: number} | null
}

describe('a package as one file @each-store', function () {
  this.timeout(180_000)
  const sandbox = new Sandbox()
  let folder: string
  let container: string
  /** Of the image of the container, which only these tests have. */
  let base: string

  before(async () => {
    base = await sandbox.imageFromFiles(uniqueName('file-base'), [
      ...(await filesOf(baseImage)),
      {path: 'base', content: 'base'},
    ])
    container = await waitingContainer(
      sandbox,
      ['-v', '/data', base],
      'mkdir /own; echo one > /own/one; rm /base; echo two > /data/two; ln /data/two /data/link; chmod 4711 /data/two',
    )
  })

  beforeEach(async () => {
    folder = await sandbox.temporaryFolder('files')
  })

  after(() => sandbox.clean())

  const files = (): Promise<string[]> => readdir(folder)

  /** Packages into a file in the test's folder. */
  async function written(file: string, flags: readonly string[] = [], of = container): Promise<FileJson> {
    const line = ['docker', 'package', of, '-o', file, '--json', ...flags]
    const result = await keg(line, {cwd: folder})
    const json = packageJson(result) as unknown as FileJson
    expect(result.leftovers).to.deep.equal([])
    return json
  }

  async function errorOf(line: readonly string[], code: number, env = {}): Promise<{code: string; message: string}> {
    const result = await keg(['docker', 'package', ...line, '--json'], {cwd: folder, env})
    expect(result.code, result.stdout + result.stderr).to.equal(code)
    return (result.json() as {error: {code: string; message: string}}).error
  }

  /** Runs a command in a package from a file; what is loaded is removed at the end. */
  async function ran(file: string, command: readonly string[], code = 0): Promise<KegResult> {
    const result = await keg(['docker', 'package', 'run', file, '--', ...command], {cwd: folder})
    expect(result.code, result.stdout + result.stderr).to.equal(code)
    return result
  }

  /** The packages of these tests, which have their label: other tests make packages at the same time. */
  async function images(): Promise<string> {
    const filters = ['label=com.keg.role=package', `label=${sandbox.label}`].flatMap((filter) => ['--filter', filter])
    const ids = await docker(['images', '--all', '--no-trunc', '--quiet', ...filters])
    // Those of one second are listed in any order.
    return ids.split('\n').sort().join('\n')
  }

  const name = (): string => `${uniqueName('file')}:one`

  it('is written without an image in the engine, and holds the container after everything else is removed', async () => {
    const reference = name()
    const own = await sandbox.imageFromFiles(uniqueName('gone'), [
      ...(await filesOf(baseImage)),
      {path: 'x', content: 'x'},
    ])
    const app = await waitingContainer(sandbox, ['-v', '/data', own], 'rm /x; echo own > /own; echo two > /data/two')
    const before = await images()
    const made = await written('shop.tar', ['-t', reference, '--verify'], app)
    expect(made).to.deep.include({
      reference,
      digest: null,
      file: join(folder, 'shop.tar'),
      image: null,
      pushed: false,
      run: 'keg docker package run shop.tar',
    })
    expect(made.verification?.entries).to.be.greaterThan(3)
    expect(made.fileBytes).to.equal((await stat(join(folder, 'shop.tar'))).size)
    expect(await files()).to.deep.equal(['shop.tar'])
    expect(await images(), 'nothing in the engine').to.equal(before)

    const snapshot: Snapshot = await snapshotContainer(app)
    await docker(['rm', '--force', '--volumes', app])
    await docker(['rmi', '--force', own])
    sandbox.addImage(reference)
    const result = await ran('shop.tar', ['cat', '/own', '/data/two'])
    expect(result.stdout).to.equal('own\ntwo\n')
    expect(compareSnapshots(snapshot, await snapshotImageFiles(reference))).to.deep.equal([])
    expect(
      await temporaryThings((await labelsOf(reference))['com.keg.run'] ?? '', await idOf(reference)),
    ).to.deep.equal([])
    // The second time it is there.
    expect((await ran('shop.tar', ['cat', '/own'])).stderr).not.to.include('Writing the image')
  })

  it('is inspected and verified without an engine, in words and in JSON @classic', async () => {
    const reference = name()
    await written('shop', ['-t', reference, '-m', 'From a file'])
    const inspected = await keg(['docker', 'package', 'inspect', './shop', '--json'], {cwd: folder, env: noEngine})
    expect(inspected.code, inspected.stdout).to.equal(0)
    const {bytes, layers, mounts} = inspected.json() as {bytes: number; layers: number; mounts: {path: string}[]}
    expect(inspected.json()).to.deep.include({reference, message: 'From a file'})
    expect([layers, mounts.map(({path}) => path)]).to.deep.equal([3, ['/data']])
    expect(bytes).to.be.greaterThan(MEGABYTE)
    const verified = await keg(['docker', 'package', 'verify', './shop', '--json'], {cwd: folder, env: noEngine})
    expect(verified.json(), verified.stdout).to.deep.include({reference, differenceCount: 0, unchangedLayers: 1})
    const words = await keg(['docker', 'package', 'verify', './shop'], {cwd: folder, env: noEngine})
    expect(words.stdout).to.match(
      new RegExp(`^${reference}\nVerified: \\d+ entries, 0 differences, 1 layer below unchanged\n`),
    )
    expect(await errorOf(['verify', 'shop'], 4, noEngine)).to.have.property('code', 'engine-unreachable')
  })

  it('is loaded by docker load too, with its name; and what docker save writes is a package file', async () => {
    const reference = sandbox.addImage(name())
    await written('shop.tar', ['-t', reference])
    await docker(['load', '--input', join(folder, 'shop.tar')])
    await expectSameFiles(container, reference)
    await docker(['save', '--output', join(folder, 'saved.tar'), reference])
    for (const file of ['saved.tar', 'shop.tar'])
      expect((await keg(['docker', 'package', 'verify', file], {cwd: folder, env: noEngine})).code, file).to.equal(0)
    await docker(['rmi', reference])
    expect((await ran('saved.tar', ['cat', '/own/one'])).stdout).to.equal('one\n')
    await docker(['save', '--output', join(folder, 'base.tar'), base])
    expect(await errorOf(['inspect', 'base.tar'], 1, noEngine)).to.have.property('code', 'not-a-package')
    expect(await errorOf(['run', 'base.tar'], 125)).to.have.property('code', 'not-a-package')
  })

  it('is pushed too with --push, and only then, whatever registry is set @classic', async () => {
    const reference = sandbox.addImage(`${registry}/keg/${name()}`)
    expect(await written('one.tar', ['-t', reference])).to.deep.include({pushed: false, image: null, digest: null})
    for (const via of ['registry', 'engine'] as const) {
      const made = await written(`${via}.tar`, ['-t', reference, '--push', '--verify', '--via', via])
      expect(made.pushed).to.equal(true)
      expect(made.run).to.equal(`keg docker package run ${reference}@${made.digest ?? ''}`)
      if (via === 'registry') expect(made.image).to.equal(null)
      else expect(await idOf(reference)).to.equal(made.image)
    }
    await docker(['rmi', reference])
    expect((await ran('registry.tar', ['cat', '/own/one'])).stdout).to.equal('one\n')
  })

  it('goes to standard output as a whole, and the result to standard error @classic', async () => {
    const reference = sandbox.addImage(name())
    const {end, environment, folder: home} = await prepare(['docker', 'package'], {})
    const output = await open(join(folder, 'piped.tar'), 'w')
    const line = ['docker', 'package', container, '-t', reference, '--output', '-']
    const child = spawn(process.execPath, ['--', program, ...line], {
      cwd: home,
      env: environment,
      stdio: ['ignore', output.fd, 'pipe'],
    })
    let stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (part: string) => (stderr += part))
    const [code] = (await once(child, 'close')) as [number]
    await output.close()
    await end({code, signal: null, stdout: '', stderr}, false)
    expect(code, stderr).to.equal(0)
    expect(stderr).to.include('Wrote standard output')
    const fill = {FILE: join(folder, 'piped.tar')}
    await runAdvice(stderr, 'keg docker package run FILE', {fill, add: ['--', 'true']})
    expect((await keg(['docker', 'package', 'verify', 'piped.tar'], {cwd: folder, env: noEngine})).code).to.equal(0)
    expect(await errorOf([container, '-t', reference, '-o', '-'], 2)).to.have.property('code', 'output-invalid')
    const terminal = await kegOnTerminal([...line])
    expect((await terminal.ended).code).to.equal(2)
  })

  it('replaces a file only with --yes, and a dry run writes none @classic', async () => {
    await writeFile(join(folder, 'shop.tar'), 'precious')
    const line = [container, '-t', name(), '-o', 'shop.tar']
    expect(await errorOf(line, 3)).to.deep.include({code: 'output-exists', message: 'shop.tar exists already.'})
    expect(String(await readFile(join(folder, 'shop.tar')))).to.equal('precious')
    const dry = await keg(['docker', 'package', container, '-t', 'one', '-o', 'new.tar', '--dry-run'], {cwd: folder})
    expect(dry.stdout, dry.stderr).to.match(
      /^Nothing was changed\. \S+ would have 3 layers, .*, and be written to \S+new\.tar\.$/m,
    )
    expect(dry.stderr).to.include('(only in the file)')
    expect(await files()).to.deep.equal(['shop.tar'])
    await written('shop.tar', ['-t', name(), '--yes'])
    expect((await stat(join(folder, 'shop.tar'))).size).to.be.greaterThan(MEGABYTE)
  })

  it('leaves out the layers of another image, which the engine of a reviewer must have', async () => {
    const pushed = sandbox.addImage(`${registry}/keg/${uniqueName('since')}:one`)
    const reference = sandbox.addImage(pushed.replace(/one$/, 'two'))
    const app = await waitingContainer(sandbox, ['-v', '/data', base], 'echo kept > /data/kept; echo before > /own')
    await keg(['docker', 'package', app, '-t', pushed], {cwd: folder})
    await inContainer(app, 'echo after > /own')
    await written('whole.tar', ['-t', reference], app)
    const made = await written('since.tar', ['-t', reference, '--since', pushed, '--verify'], app)
    expect(made.fileBytes).to.be.below(MEGABYTE / 10)
    expect((await stat(join(folder, 'whole.tar'))).size).to.be.greaterThan(MEGABYTE)
    expect((await ran('since.tar', ['cat', '/own', '/data/kept'])).stdout).to.equal('after\nkept\n')
    await expectSameFiles(app, reference)

    expect(await errorOf(['verify', 'since.tar'], 1, noEngine)).to.have.property('code', 'file-incomplete')
    expect((await keg(['docker', 'package', 'inspect', 'since.tar'], {cwd: folder, env: noEngine})).code).to.equal(0)
    await docker(['rmi', '--force', reference, pushed])
    const missing = await keg(['docker', 'package', 'run', 'since.tar', '--', 'true'], {cwd: folder})
    expect(missing.code).to.equal(125)
    expect(missing.stderr).to.match(/since\.tar leaves out \d layers of \S+, and no image in this engine has them\./)
    expect(await errorOf(['run', 'since.tar'], 125)).to.have.property('code', 'layers-missing')
    await runAdvice(missing, 'docker pull')
    expect((await ran('since.tar', ['cat', '/own', '/data/kept'])).stdout).to.equal('after\nkept\n')
    await expectSameFiles(app, reference)
  })

  it('leaves out the layers of another file, and only the image below has to be there to verify it @classic', async () => {
    const [one, two] = [sandbox.addImage(name()), sandbox.addImage(name())]
    const app = await waitingContainer(sandbox, ['-v', '/data', base], 'echo first > /data/first')
    await written('one.tar', ['-t', one], app)
    await inContainer(app, 'echo second > /data/second; echo own > /own')
    const made = await written('two.tar', ['-t', two, '--since', './one.tar'], app)
    expect(made.fileBytes).to.be.below(MEGABYTE / 10)
    const verified = await keg(['docker', 'package', 'verify', 'two.tar', '--json'], {cwd: folder, env: noEngine})
    expect(verified.json(), verified.stdout).to.deep.include({reference: two, differenceCount: 0})
    expect((verified.json() as {notCompared: string[]}).notCompared.at(-1)).to.include('it is not in the file')
    await ran('one.tar', ['true'])
    expect((await ran('two.tar', ['cat', '/data/first', '/data/second', '/own'])).stdout).to.equal(
      'first\nsecond\nown\n',
    )
    await expectSameFiles(app, two)
  })

  it('takes a layer again that was below others before @classic', async () => {
    // The mount is the same, and the writable layer below it is not.
    const [one, two] = [sandbox.addImage(name()), sandbox.addImage(name())]
    const app = await waitingContainer(sandbox, ['-v', '/data', base], 'echo kept > /data/kept')
    await written('one.tar', ['-t', one], app)
    await ran('one.tar', ['true'])
    await inContainer(app, 'echo new > /new')
    await written('two.tar', ['-t', two, '--since', one], app)
    await ran('two.tar', ['true'])
    await expectSameFiles(app, two)
  })

  it('is refused, and nothing is loaded, if it is damaged, cut off or for another platform', async () => {
    await written('shop.tar', ['-t', name()])
    const whole = await readFile(join(folder, 'shop.tar'))
    const damaged = Buffer.from(whole)
    damaged[2000] = (damaged[2000] ?? 0) ^ 1
    await writeFile(join(folder, 'damaged.tar'), damaged)
    await writeFile(join(folder, 'cut.tar'), whole.subarray(0, whole.length / 2))
    const before = await images()
    for (const command of ['run', 'inspect', 'verify']) {
      expect(await errorOf([command, 'damaged.tar'], 3)).to.have.property('code', 'file-damaged')
      const code = command === 'run' ? 125 : 1
      expect(await errorOf([command, 'cut.tar'], code)).to.have.property('code', 'file-invalid')
      expect(await errorOf([command, './none.tar'], 2)).to.have.property('code', 'file-missing')
    }
    expect(await images()).to.equal(before)

    // With the image of docker load, whose configuration has no digest in the name of its file.
    const other = sandbox.addImage(name())
    const saved = await foreign(whole, other)
    await writeFile(join(folder, 'foreign.tar'), saved)
    const result = await keg(['docker', 'package', 'run', 'foreign.tar', '--', 'true'], {cwd: folder})
    expect(result.code, result.stderr).to.equal(125)
    expect(result.stderr).to.include('foreign.tar is for another platform. The image is for linux/')
    expect(await errorOf(['run', 'foreign.tar'], 125)).to.have.property('code', 'file-platform')
    expect(await images()).to.equal(before)
    await runAdvice(result, 'docker load', {cwd: folder})
  })

  it('is refused by the engine, and nothing is left, if a layer is not the one of its configuration', async () => {
    await written('shop.tar', ['-t', name()])
    await writeFile(join(folder, 'lying.tar'), await lying(await readFile(join(folder, 'shop.tar'))))
    const before = await images()
    const {message} = await errorOf(['run', 'lying.tar'], 125)
    expect(message).to.match(/diff ?id/i)
    expect(await images()).to.equal(before)
    expect(await errorOf(['verify', 'lying.tar'], 3, noEngine)).to.have.property('code', 'verification-failed')
  })

  it('takes no name from another image in the engine, and no protected tag, and runs without it @classic', async () => {
    const reference = sandbox.addImage(name())
    await written('shop.tar', ['-t', reference])
    await docker(['tag', base, reference])
    const result = await ran('shop.tar', ['cat', '/own/one'])
    expect(result.stdout).to.equal('one\n')
    expect(result.stderr).to.include(`${reference} in this engine is an image that is not a package`)
    expect(await idOf(reference)).to.equal(await idOf(base))
    const protectedName = reference.replace(/one$/, 'develop')
    await written('develop.tar', ['-t', protectedName])
    expect((await ran('develop.tar', ['cat', '/own/one'])).stderr).to.include('The tag develop is protected: the image')
    expect(await docker(['images', '--quiet', protectedName])).to.equal('')
    const dry = await keg(['docker', 'package', 'run', 'shop.tar', '--dry-run'], {cwd: folder})
    expect(dry.stderr, dry.stderr).to.include('would be loaded from shop.tar')
  })

  it('leaves nothing of it after Ctrl-C, whenever that is @classic', async () => {
    const large = await waitingContainer(
      sandbox,
      ['-v', '/data', base],
      'dd if=/dev/urandom of=/data/x bs=1M count=16 2>/dev/null',
    )
    for (const moment of [/^GET \/images\/get/, /^POST \/commit/]) {
      let isReached = false
      const watched = await watchEngine({
        arriving: ({line}) => {
          if (moment.test(line) && !isReached) {
            isReached = true
            running.kill('SIGINT')
          }
          return Promise.resolve()
        },
      })
      const line = ['docker', 'package', large, '-t', name(), '-o', 'shop.tar']
      const running = await startKeg(line, {cwd: folder, env: {DOCKER_HOST: watched.host}})
      const {code, leftovers, stderr} = await running.ended
      await watched.close()
      expect([code, isReached], stderr).to.deep.equal([130, true])
      expect([await files(), leftovers], String(moment)).to.deep.equal([[], []])
    }
    for (const output of ['shop.tar', '-']) {
      const running = await startKeg(['docker', 'package', large, '-t', name(), '-o', output], {cwd: folder})
      await running.said(/Compressing the layers of its image/)
      running.kill('SIGINT')
      const {code, leftovers, stderr} = await running.ended
      // It may have been faster.
      expect(code, stderr).to.be.oneOf([0, 130])
      if (code === 130) expect([await files(), leftovers]).to.deep.equal([[], []])
      await rm(join(folder, 'shop.tar'), {force: true})
    }
  })

  it('leaves nothing of it on a full disk, and says which @containerd', async () => {
    const small = await mkdtemp(join(tmpdir(), 'keg-test-small-'))
    await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small])
    try {
      const full = await waitingContainer(
        sandbox,
        ['-v', '/data', base],
        'dd if=/dev/urandom of=/data/x bs=1M count=4 2>/dev/null',
      )
      const result = await keg(['docker', 'package', full, '-t', name(), '-o', join(small, 'shop.tar')])
      expect(result.code, result.stderr).to.equal(1)
      expect(result.stderr).to.include(
        `Error: No space left in ${small} to write ${small}/shop.tar. Nothing of it is left.`,
      )
      expect([await readdir(small), result.leftovers]).to.deep.equal([[], []])
    } finally {
      await run('umount', ['--lazy', small])
      await rm(small, {force: true, recursive: true})
    }
  })
})

async function idOf(image: string): Promise<string> {
  return docker(['image', 'inspect', '--format', '{{.Id}}', image])
}

/** The same layout, with another diffID for its first layer, and digests that match. */
async function lying(file: Buffer): Promise<Buffer> {
  return alteredTar(file, (entries) => {
    const read = (path: string): string => String(entries.find((entry) => String(entry.path) === path)?.content)
    const replace = (digest: string, text: string): {digest: string; size: number} => {
      const hex = createHash('sha256').update(text).digest('hex')
      const at = entries.findIndex(({path}) => String(path) === `blobs/${digest.replace(':', '/')}`)
      entries[at] = {path: `blobs/sha256/${hex}`, content: text}
      return {digest: `sha256:${hex}`, size: Buffer.byteLength(text)}
    }
    const blob = (digest: string): string => read(`blobs/${digest.replace(':', '/')}`)
    const index = JSON.parse(read('index.json')) as {manifests: {digest: string}[]}
    const [listed = {digest: ''}] = index.manifests
    const manifest = JSON.parse(blob(listed.digest)) as {config: {digest: string}}
    const config = JSON.parse(blob(manifest.config.digest)) as {rootfs: {diff_ids: string[]}}
    config.rootfs.diff_ids[0] = `sha256:${'ab'.repeat(32)}`
    Object.assign(manifest.config, replace(manifest.config.digest, JSON.stringify(config)))
    Object.assign(listed, replace(listed.digest, JSON.stringify(manifest)))
    return [
      ...entries.filter(({path}) => String(path) !== 'index.json'),
      {path: 'index.json', content: JSON.stringify(index)},
    ]
  })
}

/** An archive of docker save's older form with the image of a package file, for a platform that no engine of the tests has. */
async function foreign(file: Buffer, reference: string): Promise<Buffer> {
  return alteredTar(file, (entries) => {
    const text = (path: unknown): string => String(entries.find((entry) => String(entry.path) === path)?.content)
    const [image] = JSON.parse(text('manifest.json')) as {Config: string; Layers: string[]}[]
    const config = JSON.parse(text(image?.Config)) as object
    const layers = entries.filter(({path}) => image?.Layers.includes(String(path)) === true)
    return [
      ...layers,
      {path: 'config.json', content: JSON.stringify({...config, architecture: 's390x'})},
      {path: 'manifest.json', content: JSON.stringify([{...image, Config: 'config.json', RepoTags: [reference]}])},
    ]
  })
}
