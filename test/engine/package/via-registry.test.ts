import {expect} from 'chai'
import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as wait} from 'node:timers/promises'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg, startKeg, type KegOptions, type KegResult} from '../../support/keg.js'
import {manifestOf} from '../../support/registry.js'
import {runAdvice} from '../../support/run-advice.js'
import {manifestRefusingRegistry, type StandIn} from '../registry/misbehaving-registry.js'
import {watchRegistry, type RegistryWatchers, type WatchedRegistry} from '../registry/watched-registry.js'
import {expectSameContainer, expectSameFiles, inContainer, packageJson, waitingContainer} from './packaging.js'
import {madeBy, stateOf, watchEngine, type WatchedEngine} from './watched-engine.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'
const privateRegistry = process.env.KEG_TEST_PRIVATE_REGISTRY ?? '127.0.0.1:5443'
const login = process.env.KEG_TEST_PRIVATE_LOGIN ?? 'keg:keg'
const MEGABYTE = 1024 * 1024
/** How many layers keg sends at once. */
const PARALLEL_UPLOADS = 3

/** The tags of a repository; undefined if the registry does not know it. */
async function tagsOf(registry: string, repository: string): Promise<string[] | null | undefined> {
  const answer = await fetch(`http://${registry}/v2/${repository}/tags/list`)
  return answer.status === 404 ? undefined : ((await answer.json()) as {tags: string[] | null}).tags
}

describe('keg docker package, straight into a registry @each-store', function () {
  this.timeout(180_000)
  const sandbox = new Sandbox()
  let open: {close(): Promise<void>}[]
  /** keg's state, for several runs. */
  let state: string
  /** The image of the containers, which the registry has in a repository of its own. */
  let base: string
  let baseRepository: string
  let container: string

  before(async () => {
    const built = await sandbox.imageFromFiles(
      uniqueName('via-base'),
      [{path: '/base/random', content: Buffer.from(Array.from({length: MEGABYTE}, () => Math.random() * 256))}],
      {from: baseImage},
    )
    baseRepository = `keg/${uniqueName('base')}`
    base = sandbox.addImage(`${openRegistry}/${baseRepository}:1`)
    await docker(['tag', built, base])
    await docker(['push', '--quiet', base])
    container = await waitingContainer(
      sandbox,
      ['-v', '/data', '-v', '/data/inner', base],
      `echo one >/data/one; echo two >/data/inner/two; echo own >/own; rm /base/random; ln -s one /data/link
       head -c ${3 * MEGABYTE} /dev/urandom >/data/large`,
    )
  })

  beforeEach(async () => {
    open = []
    state = await sandbox.temporaryFolder('state')
  })

  afterEach(async () => {
    await Promise.all(open.map((each) => each.close()))
  })

  after(() => sandbox.clean())

  function closing<T extends {close(): Promise<void>}>(resource: T): T {
    open.push(resource)
    return resource
  }

  const watched = async (watchers: RegistryWatchers = {}): Promise<WatchedRegistry> =>
    closing(await watchRegistry(openRegistry, watchers))

  const repositoryName = (): string => `keg/${uniqueName('via')}`

  const run = (reference: string, flags: readonly string[] = [], options: KegOptions = {}): Promise<KegResult> =>
    keg(['docker', 'package', container, '-t', reference, ...flags], {
      ...options,
      env: {XDG_STATE_HOME: state, ...options.env},
    })

  it('holds what the container holds, and is not in the engine until it is pulled', async () => {
    const reference = sandbox.addImage(`${openRegistry}/${repositoryName()}:dev`)
    const engine = closing(await watchEngine())
    const ran = await run(reference, ['--json', '--verify'], {env: {DOCKER_HOST: engine.host}})
    const result = packageJson(ran)
    expect(result).to.deep.include({image: null, pushed: true, reference, via: 'registry', viaReason: null})
    expect(ran.leftovers).to.deep.equal([])
    expect(await madeBy(engine)).to.deep.equal([])
    const {digest, manifest} = await manifestOf(openRegistry, reference.split(/[/:]/).slice(2, 4).join('/'), 'dev')
    expect(result.digest).to.equal(digest)
    expect(manifest.layers).to.have.lengthOf(result.layers)
    await docker(['pull', '--quiet', result.pinned ?? ''])
    await docker(['tag', result.pinned ?? '', reference])
    sandbox.addImage(result.pinned ?? '')
    await expectSameFiles(container, reference)
    await expectSameContainer(container, reference)
  })

  it('mounts the layers of the base image, and writes the tag last and nothing else', async () => {
    const registry = await watched()
    // The engine knows the base image's digest for the name that it was pushed under.
    const through = sandbox.addImage(`${registry.registry}/${baseRepository}:1`)
    await docker(['tag', base, through])
    await docker(['push', '--quiet', through])
    const before = registry.requests.length
    const repository = repositoryName()
    const {code, stderr, stdout} = await run(`${registry.registry}/${repository}:dev`)
    expect(code, stderr).to.equal(0)
    expect(stdout).to.match(/^Pushed \S+@sha256:[0-9a-f]{64} \(.*\)\nIt is in the registry, and not in this engine\.\n/)
    const sent = registry.requests.slice(before)
    const mounts = sent.filter(({line}) => line.includes(`?mount=`))
    expect(
      mounts.map(({line, status}) => [line.includes(`from=${encodeURIComponent(baseRepository)}`), status]),
    ).to.deep.equal([
      [true, 201],
      [true, 201],
    ])
    const puts = sent.map(({line}) => line).filter((line) => /^PUT .*\/manifests\//.test(line))
    expect(puts).to.have.lengthOf(2)
    expect(puts[0]).to.match(/^PUT \/v2\/keg\/[^/]+\/manifests\/sha256:/)
    expect(sent.at(-1)?.line).to.equal(`PUT /v2/${repository}/manifests/dev`)
    expect(await tagsOf(openRegistry, repository)).to.deep.equal(['dev'])
    // One megabyte of the base image, and three of the volume, which cannot be compressed.
    expect(sent.reduce((sum, {bytes}) => sum + bytes, 0)).to.be.within(3 * MEGABYTE, 3.2 * MEGABYTE)
  })

  it('sends only what has changed when it is packaged again', async () => {
    const registry = await watched()
    const repository = repositoryName()
    expect((await run(`${registry.registry}/${repository}:one`)).code).to.equal(0)
    const first = registry.bytes()
    await inContainer(container, 'echo three >/data/inner/two')
    const second = await run(`${registry.registry}/${repository}:two`)
    expect(second.code, second.stderr).to.equal(0)
    expect(second.stderr).to.match(/Pushing \S+:two: \d+(\.\d)? k?B, \d layers there already/)
    expect(registry.bytes() - first).to.be.below(first / 100)
    const reference = sandbox.addImage(`${registry.registry}/${repository}:two`)
    await docker(['pull', '--quiet', reference])
    await expectSameFiles(container, reference)

    // Another repository of the registry gets the same layers without their being sent.
    const before = registry.bytes()
    const other = await run(`${registry.registry}/${repositoryName()}:two`)
    expect(other.code, other.stderr).to.equal(0)
    expect(registry.bytes() - before).to.be.below(first / 100)
  })

  it('says that the engine has an earlier image of its name, and how to renew it', async () => {
    const name = sandbox.addImage(`${openRegistry}/${repositoryName()}:dev`)
    const first = await run(name)
    expect(first.code, first.stderr).to.equal(0)
    expect(first.stderr).not.to.contain('earlier image')
    await docker(['tag', base, name])
    const second = await run(name, ['--replace-tag'])
    expect(second.code, second.stderr).to.equal(0)
    const said = `This engine still has an earlier image as ${name}. Get the new one with: docker pull ${name}`
    expect(second.stderr.split('\n')).to.include(said)
    await runAdvice(said, 'docker pull')
    const pinned = /^Pushed (\S+) /m.exec(second.stdout)?.[1]
    const digests = await docker(['image', 'inspect', '--format', '{{join .RepoDigests " "}}', name])
    expect(digests.split(' ').map((each) => each.split('@')[1])).to.include(pinned?.split('@')[1])

    // The package is complete, whether or not the engine says what it has.
    const repository = name.split(/[/:]/)[3] ?? ''
    let isAsked = false
    const silent = closing(
      await watchEngine({
        instead: ({line}) => {
          if (!line.startsWith('GET /images/') || !line.includes(repository)) return undefined
          isAsked = true
          return {status: 500, body: {message: 'the test says no'}}
        },
      }),
    )
    const third = await run(name, [], {env: {DOCKER_HOST: silent.host}})
    expect(third.code, third.stderr).to.equal(0)
    expect(third.stderr).not.to.contain('earlier image')
    expect(isAsked).to.equal(true)
  })

  it('gives it to the engine too with --load, and every name to all @containerd', async () => {
    const [one, two] = [repositoryName(), repositoryName()]
    const names = [`${openRegistry}/${one}:dev`, `${openRegistry}/${one}:again`, `${openRegistry}/${two}:dev`]
    names.forEach((name) => sandbox.addImage(name))
    const flags = names.slice(1).flatMap((name) => ['-t', name])
    const result = packageJson(await run(names[0] ?? '', [...flags, '--load', '--verify', '--json']))
    for (const name of names)
      expect(await docker(['image', 'inspect', '--format', '{{.Id}}', name])).to.equal(result.image)
    await expectSameFiles(container, names[0] ?? '')
    expect([await tagsOf(openRegistry, one), await tagsOf(openRegistry, two)]).to.deep.equal([
      ['again', 'dev'],
      ['dev'],
    ])
    expect((await manifestOf(openRegistry, two, 'dev')).digest).to.equal(result.digest)
  })

  it('signs in, and says how if it cannot @classic', async () => {
    const reference = `${privateRegistry}/${repositoryName()}:dev`
    const refused = await run(reference, ['--json'])
    expect(refused.code).to.equal(1)
    expect(refused.json()).to.have.nested.property('error.code', 'registry-unauthorized')
    const docker = join(state, 'docker')
    await mkdir(docker)
    const auth = Buffer.from(login).toString('base64')
    await writeFile(join(docker, 'config.json'), JSON.stringify({auths: {[privateRegistry]: {auth}}}))
    const env = {DOCKER_CONFIG: docker}
    const ran = await run(reference, ['--json', '--verify'], {env})
    expect(packageJson(ran).pushed).to.equal(true)
  })

  it('says which way it goes with --dry-run, and sends nothing @classic', async () => {
    const registry = await watched()
    const {code, stderr} = await run(`${registry.registry}/${repositoryName()}:dev`, ['--dry-run'])
    expect(code, stderr).to.equal(0)
    expect(stderr).to.match(/ {2}as \S+:dev \(straight into the registry, not into the engine\)\n/)
    expect(registry.bytes()).to.equal(0)
    expect(registry.lines(/^(PUT|PATCH)/)).to.deep.equal([])
  })

  it('goes through the engine if keg cannot reach the registry, or one of several, unless told otherwise @classic', async () => {
    // To keg, and only to keg, this registry is not there.
    const hidden = await watched({
      hides: ({headers}) => headers['user-agent'] === 'keg',
    })
    const name = sandbox.addImage(`${hidden.registry}/${repositoryName()}:dev`)
    const other = sandbox.addImage(`${openRegistry}/${repositoryName()}:dev`)
    const planned = await run(name, ['--dry-run'])
    const problem = `through the engine, because keg cannot reach ${hidden.registry}: GET "http://${hidden.registry}/v2/": `
    expect(planned.stderr).to.contain(`  as ${name} (${problem}`)
    const result = packageJson(await run(name, ['-t', other, '--json']))
    expect(result).to.deep.include({pushed: true, via: 'engine', viaReason: 'registry-unreachable'})
    for (const each of [name, other])
      expect(await docker(['image', 'inspect', '--format', '{{.Id}}', each])).to.equal(result.image)
    const refused = await run(name, ['--via', 'registry', '--json'])
    expect(refused.json()).to.have.nested.property('error.code', 'registry-broke-off')
    expect(packageJson(await run(name, ['--via', 'engine', '--json']))).to.include({viaReason: 'given'})
  })

  describe('from an image much larger than the mounts', () => {
    let large: string
    let reference: string

    before(async () => {
      const zeros = [{path: '/zeros', content: Buffer.alloc(120 * MEGABYTE)}]
      const image = await sandbox.imageFromFiles(uniqueName('large'), zeros, {from: baseImage})
      large = await waitingContainer(sandbox, ['-v', '/data', image], 'echo one >/data/one; echo own >/own')
    })

    beforeEach(() => (reference = sandbox.addImage(`${openRegistry}/${repositoryName()}:dev`)))

    const packageOf = (flags: readonly string[]): Promise<KegResult> =>
      keg(['docker', 'package', large, '-t', reference, ...flags], {env: {XDG_STATE_HOME: state}})

    it('goes through the engine, which would have to export all of it, unless told otherwise @classic', async () => {
      const {stderr} = await packageOf(['--dry-run'])
      expect(stderr).to.match(/ \(through the engine, because it would have to export 1[23]\d MB first\)\n/)
      const result = packageJson(await packageOf(['--json']))
      expect(result).to.include({pushed: true, via: 'engine', viaReason: 'image-larger'})
      expect(await docker(['image', 'inspect', '--format', '{{.Id}}', reference])).to.equal(result.image)
      expect(packageJson(await packageOf(['--dry-run', '--json', '--via', 'registry']))).to.include({via: 'registry'})
    })

    it('goes straight into the registry: its blobs are read one by one @containerd', async () => {
      expect(packageJson(await packageOf(['--dry-run', '--json']))).to.include({via: 'registry', viaReason: null})
    })

    it('finds what has its name in the engine if that pushes it @classic', async () => {
      await docker(['tag', base, reference])
      const {code, stderr} = await packageOf(['--no-input'])
      expect([code, stderr]).to.deep.equal([3, stderr])
      expect(stderr).to.include(`${reference} in the engine is`)
    })
  })

  it('goes on after the registry broke off in the middle of a layer @containerd', async () => {
    const registry = await watched({
      breaksOff: ({bytes, count, line}) => line.startsWith('P') && bytes > MEGABYTE && count <= 2,
    })
    const repository = repositoryName()
    const {code, stderr} = await run(`${registry.registry}/${repository}:dev`, ['--verify'])
    expect(code, stderr).to.equal(0)
    expect(registry.bytes()).to.be.above(5 * MEGABYTE)
    expect(await tagsOf(openRegistry, repository)).to.deep.equal(['dev'])
  })

  it('leaves no tag and no upload if the registry refuses it @classic', async () => {
    const refusing: StandIn = closing(
      await manifestRefusingRegistry(openRegistry, {
        ...{status: 409, code: 'DENIED', message: 'tag is immutable', tag: 'dev'},
      }),
    )
    const repository = repositoryName()
    const engine = closing(await watchEngine())
    const ran = await run(`${refusing.registry}/${repository}:dev`, ['--json'], {env: {DOCKER_HOST: engine.host}})
    expect(ran.code).to.equal(1)
    expect(ran.json()).to.have.nested.property('error.code', 'tag-immutable')
    expect(ran.leftovers).to.deep.equal([])
    expect(await madeBy(engine)).to.deep.equal([])
    expect((await tagsOf(openRegistry, repository)) ?? []).to.deep.equal([])
    expect(await stateOf(container)).to.equal('running false')
  })

  describe('stopped', () => {
    const moments = [
      ['when the first layer is begun', /^POST \S+\/blobs\/uploads\/$/, 'classic'],
      ['while a layer is sent', /^(PATCH|PUT) \S+\/blobs\/uploads\/ID$/, 'containerd'],
      ['before its manifest is written', /^PUT \S+\/manifests\/sha256:/, 'classic'],
      ['before its tag is written', /^PUT \S+\/manifests\/dev$/, 'containerd'],
    ] as const
    for (const [moment, pattern, store] of moments)
      it(`${moment}, leaves nothing @${store}`, async () => {
        let stopped = 0
        const arriving = async ({line}: {line: string}): Promise<void> => {
          if (!pattern.test(line) || stopped++ > 0) return
          running.kill('SIGINT')
          await wait(200)
        }
        // The check before the package begins an upload, too.
        const registry = await watched({arriving: (request) => (isSending ? arriving(request) : undefined)})
        let isSending = false
        const engine: WatchedEngine = closing(
          await watchEngine({
            answered({line}) {
              if (line.endsWith('/unpause')) isSending = true
            },
          }),
        )
        const repository = repositoryName()
        const reference = `${registry.registry}/${repository}:dev`
        const running = await startKeg(['docker', 'package', container, '-t', reference], {
          env: {DOCKER_HOST: engine.host},
        })
        const ended = await running.ended
        expect(ended.code, ended.stderr).to.equal(130)
        expect(ended.stderr).to.match(/Error: Stopped by SIGINT\.\nEverything temporary has been removed\.\n$/)
        expect(ended.leftovers).to.deep.equal([])
        expect(await madeBy(engine)).to.deep.equal([])
        expect(await stateOf(container)).to.equal('running false')
        expect((await manifestOf(openRegistry, repository, 'dev')).status).to.equal(404)
        // One that was just begun when keg was stopped, so that keg never got its address, ends by itself.
        const begun = registry.requests.filter(({line, status}) => /^POST .*uploads\/$/.test(line) && status === 202)
        const finished = registry.lines(/^(PUT|DELETE) \S+\/blobs\/uploads\/ID$/)
        const unknown = moment.startsWith('before') ? 0 : PARALLEL_UPLOADS
        expect(finished.length, registry.lines().join('\n')).to.be.least(begun.length - unknown)
      })
  })
})
