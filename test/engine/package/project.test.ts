import {expect} from 'chai'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg, startKeg, type KegResult} from '../../support/keg.js'
import {runAdvice} from '../../support/run-advice.js'
import {watchRegistry} from '../registry/watched-registry.js'
import {ComposeShop, SECRET, SETTINGS, storedRows} from './compose-shop.js'
import {madeBy, stateOf, watchEngine, type WatchedEngine} from './watched-engine.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'
const INDEX = 'application/vnd.oci.image.index.v1+json'
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

/** `package --project --json`, as far as the tests look at it. */
interface Project {
  readonly reference: string
  readonly pinned: string
  readonly digest: string
  readonly run: string
  readonly pausedMilliseconds: number
  readonly spreadMilliseconds: number
  readonly services: readonly {
    readonly service: string
    readonly reference: string
    readonly mounts: readonly {
      readonly destination: string
      readonly included: boolean
      readonly reason: string | null
    }[]
  }[]
}

/** `package run --json` of one. */
interface Started {
  readonly project: string
  readonly services: readonly {
    readonly service: string
    readonly containers: readonly string[]
    readonly url: string | null
  }[]
}

interface Descriptor {
  readonly digest: string
  readonly artifactType?: string
  readonly annotations?: Readonly<Record<string, string>>
}

describe('the package of a compose project @each-store', function () {
  this.timeout(300_000)
  const sandbox = new Sandbox()
  const name = uniqueName('shop')
  let shop: ComposeShop
  let packaged: Project
  /** Through which it was packaged. */
  let watched: WatchedEngine

  before(async () => {
    shop = await ComposeShop.start(sandbox, name)
  })

  after(async () => {
    await shop.end()
    await sandbox.clean()
  })

  const inShop = (...words: string[]): Promise<KegResult> =>
    keg(['docker', 'package', ...words, '--registry', openRegistry], {cwd: shop.folder})

  function checked(run: KegResult): unknown {
    expect(run.code, run.stdout + run.stderr).to.equal(0)
    return run.json()
  }
  const packagedBy = (run: KegResult): Project => checked(run) as Project
  const startedBy = (run: KegResult): Started => checked(run) as Started

  async function read(path: string, accept: string): Promise<unknown> {
    const answer = await fetch(`http://${openRegistry}/v2/${name}/${path}`, {headers: {accept}})
    return answer.ok ? answer.json() : answer.status
  }

  /** What a project has in the engine. */
  async function resources(project: string): Promise<string[]> {
    const filter = ['--filter', `label=com.docker.compose.project=${project}`]
    const found = await Promise.all([
      docker(['ps', '--all', '--quiet', ...filter]),
      docker(['network', 'ls', '--quiet', ...filter]),
      docker(['volume', 'ls', '--quiet', ...filter]),
    ])
    return found.flatMap((text) => text.split('\n').filter((line) => line !== ''))
  }

  const errorOf = (run: KegResult): {readonly code: string; readonly exitCode: number} =>
    run.json().error as {code: string; exitCode: number}

  it('shows what it would hold, and changes nothing', async () => {
    const run = await inShop('--project', '-t', 'dry', '--dry-run')
    expect(run.code, run.stderr).to.equal(0)
    expect(run.stdout).to.match(
      new RegExp(`^Nothing was changed\\. \\S+/${name}:dry would have 4 services of ${name}:\\n`),
    )
    expect(await read('manifests/dry', INDEX)).to.equal(404)
  })

  it('is an index of an image for each service and of the model, made at one moment', async () => {
    watched = await watchEngine()
    const words = ['docker', 'package', '--project', '-t', 'one', '--registry', openRegistry, '--json']
    const run = await keg(words, {cwd: shop.folder, env: {DOCKER_HOST: watched.host}})
    await watched.close()
    packaged = packagedBy(run)
    expect(packaged.services.map(({service}) => service)).to.deep.equal(['app', 'db', 'migrate', 'worker'])
    expect(packaged.pausedMilliseconds).to.be.above(packaged.spreadMilliseconds)
    const mounts = packaged.services.flatMap(({mounts: all, service}) =>
      all.map(
        ({destination, included, reason}) => `${service} ${destination} ${included ? 'included' : (reason ?? '')}`,
      ),
    )
    expect(mounts).to.include.members([
      'app /files included',
      'app /run/secrets/token a secret',
      'app /settings included',
      'app /state included',
      'db /data included',
      'migrate /files shared: its content is in the image of app',
      'worker /shared shared: its content is in the image of app',
    ])
    const {manifests} = (await read('manifests/one', INDEX)) as {readonly manifests: readonly Descriptor[]}
    expect(manifests.map(({annotations}) => annotations?.['com.keg.project.service'])).to.deep.equal([
      ...packaged.services.map(({service}) => service),
      undefined,
    ])
    const manifest = (await read(`manifests/${manifests.at(-1)?.digest ?? ''}`, MANIFEST)) as {
      readonly config: Descriptor
    }
    const model = JSON.stringify(await read(`blobs/${manifest.config.digest}`, '*/*'))
    expect(model).to.contain('"condition":"service_completed_successfully"').and.to.contain('"data.base"')
    for (const hidden of [SECRET, shop.folder, 'token', 'MODE']) expect(model).not.to.contain(hidden)
  })

  it('leaves the project running, and nothing of its own in the engine', async () => {
    for (const service of ['app', 'db', 'worker'])
      expect(await stateOf(shop.container(service))).to.equal('running false')
    expect(watched.runs.size).to.equal(1)
    expect(await madeBy(watched)).to.deep.equal([])
    expect(await docker(['images', '--quiet', `${openRegistry}/${name}`])).to.equal('')
  })

  it('has services that docker alone can pull', async () => {
    const worker = packaged.services.find(({service}) => service === 'worker')?.reference ?? ''
    await docker(['pull', '--quiet', worker])
    expect(
      await docker(['image', 'inspect', '--format', '{{index .Config.Labels "com.keg.package.service"}}', worker]),
    ).to.equal('worker')
    await docker(['image', 'rm', worker])
  })

  it('is inspected, verified and listed as one, in its registry', async () => {
    const services = packaged.services.map(({service}) => service)
    const inspected = checked(await keg(['docker', 'package', 'inspect', packaged.pinned, '--json'])) as {
      readonly project: string
      readonly services: readonly {readonly service: string}[]
    }
    expect([inspected.project, inspected.services.map(({service}) => service)]).to.deep.equal([name, services])
    expect((await keg(['docker', 'package', 'inspect', packaged.pinned])).stdout).to.match(/^Service db$/m)
    const verified = await keg(['docker', 'package', 'verify', packaged.pinned])
    expect(verified.code, verified.stderr).to.equal(0)
    expect(verified.stdout.split('\n').filter((line) => line.includes(`/${name}@`))).to.have.lengthOf(4)
    const words = ['docker', 'package', 'list', `${openRegistry}/${name}`, '--remote', '--json']
    const [listed, ...others] = checked(await keg(words)) as readonly {readonly services: readonly string[]}[]
    expect(others).to.deep.equal([])
    expect(listed?.services).to.deep.equal(services)
  })

  it('is refused if it names an image that is not in it', async () => {
    const index = (await read('manifests/one', INDEX)) as {readonly manifests: readonly Descriptor[]}
    const body = JSON.stringify({...index, manifests: index.manifests.slice(1)})
    const headers = {'content-type': INDEX}
    const stored = await fetch(`http://${openRegistry}/v2/${name}/manifests/hostile`, {method: 'PUT', headers, body})
    expect(stored.status).to.equal(201)
    const hostile = await keg(['docker', 'package', 'run', `${openRegistry}/${name}:hostile`, '--detach', '--json'])
    expect(errorOf(hostile)).to.include({code: 'project-invalid', exitCode: 3})
    await docker(['image', 'rm', `${openRegistry}/${name}:hostile`])
  })

  it('is not made if a tag of somebody else would be moved, and replaces its own', async () => {
    expect(errorOf(await inShop(shop.container('db'), '--name', name, '-t', 'one', '--json'))).to.include({
      code: 'tag-taken',
      exitCode: 3,
    })
    const again = packagedBy(await inShop('--project', '-t', 'one', '--json'))
    expect(again.digest).not.to.equal(packaged.digest)
    packaged = again
  })

  it('says which service or project there is not, and what is missing', async () => {
    const cases: readonly [string, readonly string[], {cwd: string}][] = [
      ['project-service-unknown', ['--project', '--exclude-service', 'ap'], {cwd: shop.folder}],
      [
        'project-empty',
        ['--project', ...['app', 'db', 'migrate', 'worker'].flatMap((each) => ['--exclude-service', each])],
        {cwd: shop.folder},
      ],
      ['registry-missing', ['--project', '-t', 'x'], {cwd: shop.folder}],
      ['project-way', ['--project', '--via', 'engine'], {cwd: shop.folder}],
    ]
    for (const [code, words, options] of cases)
      expect(errorOf(await keg(['docker', 'package', ...words, '--json'], options)), code).to.include({
        code,
        exitCode: 2,
      })
  })

  it('is named in what is said of a container of no project, or of several projects in a folder', async () => {
    const cwd = await sandbox.temporaryFolder('several')
    const alone = await sandbox.run([baseImage, 'sleep', '100'])
    const none = await keg(['docker', 'package', '--project', alone, '--json'], {cwd})
    expect(errorOf(none)).to.include({code: 'project-missing', exitCode: 2})
    await runAdvice(none, 'docker compose ls')
    const names = ['a', 'b'].map((each) => `${name}-${each}`)
    const labels = {'com.docker.compose.service': 'app', 'com.docker.compose.project.working_dir': cwd}
    for (const project of names)
      await sandbox.run([
        ...Object.entries({...labels, 'com.docker.compose.project': project}).flatMap((label) => [
          '--label',
          label.join('='),
        ]),
        ...[baseImage, 'sleep', '100'],
      ])
    const several = await keg(['docker', 'package', '--project', '--json'], {cwd})
    expect(errorOf(several)).to.include({code: 'project-ambiguous', exitCode: 2})
    const add = ['-t', 'several', '--registry', openRegistry]
    await runAdvice(several, 'keg docker package', {cwd, add, fill: {PROJECT: names[0] ?? ''}})
  })

  it('is advised when one of its containers is packaged alone', async () => {
    const add = ['-t', 'advised', '--registry', openRegistry]
    const alone = await keg(['docker', 'package', shop.container('db'), ...add, '--dry-run', '--json'], {
      cwd: shop.folder,
    })
    const [warning = ''] = (checked(alone) as {readonly warnings: readonly string[]}).warnings
    await runAdvice(warning, 'keg docker package', {cwd: shop.folder, add})
  })

  describe('after everything of it was removed', () => {
    let first: Started
    let second: Started

    before(async () => {
      await shop.end()
      const images = await docker(['images', '--quiet', '--no-trunc', `${openRegistry}/${name}`])
      for (const image of new Set(images.split('\n').filter((id) => id !== '')))
        await docker(['image', 'rm', '--force', image])
    })

    after(async () => {
      for (const {project} of [first, second]) await keg(['docker', 'package', 'stop', project])
    })

    const run = async (...words: string[]): Promise<Started> =>
      startedBy(await keg(['docker', 'package', 'run', packaged.pinned, '--detach', '--json', ...words]))

    const containerOf = ({services}: Started, service: string): string =>
      services.find((each) => each.service === service)?.containers[0] ?? ''

    it('shows what would be started', async () => {
      const planned = await keg(['docker', 'package', 'run', packaged.pinned, '--dry-run', '--json'])
      expect(startedBy(planned).services).to.have.lengthOf(4)
      expect(await docker(['images', '--quiet', `${openRegistry}/${name}`])).to.equal('')
    })

    it('is started by one line, with its data, and both sides agree on them', async () => {
      first = await run()
      const app = containerOf(first, 'app')
      const page = first.services.find(({service}) => service === 'app')?.url ?? ''
      expect(await (await fetch(page)).text()).to.equal('page\n')
      // The app goes on where it was: the database has each row that it counted, once and in order.
      const before = await storedRows(app)
      expect(before).to.be.at.least(3)
      const deadline = Date.now() + 60_000
      while ((await storedRows(app)) <= before && Date.now() < deadline) await sleep(100)
      const rows = (await docker(['exec', containerOf(first, 'db'), 'cat', '/data/rows'])).split('\n')
      expect(await storedRows(app)).to.be.above(before)
      const distinct = [...new Set(rows)]
      expect(distinct).to.deep.equal(distinct.map((_, index) => String(index + 1)))
      // At the moment of the pause, one row may have been stored and not counted: then the app sent it twice.
      expect(rows.length - distinct.length).to.be.at.most(1)
    })

    it('has its shared volume once, its configs, its aliases and host names, and no secret', async () => {
      const app = containerOf(first, 'app')
      const seen = await docker(['exec', app, 'cat', '/files/seen'])
      expect(seen.split('\n').filter((line) => line === 'migrated')).to.have.lengthOf(2)
      expect(new Set(seen.split('\n')).size).to.be.at.least(4)
      expect(await docker(['exec', app, 'sh', '-c', 'cat /settings; hostname; echo $MODE'])).to.equal(
        `${SETTINGS}front\nshop`,
      )
      expect(await docker(['exec', app, 'sh', '-c', 'cat /run/secrets/* 2>/dev/null || true'])).to.equal('')
      expect(first.services.find(({service}) => service === 'worker')?.containers).to.have.lengthOf(2)
    })

    it('is started a second time beside itself, and says how to see its logs and how to stop it', async () => {
      const background = await keg(['docker', 'package', 'run', packaged.pinned, '--detach'])
      const logs = await runAdvice(background, 'keg docker package logs', {until: /^migrate-1 +\| migrated$/m})
      expect(logs.stdout).to.match(/^migrate-1 +\| migrated$/m)
      await runAdvice(background, 'keg docker package stop')
      second = await run()
      expect(second.project).to.equal(`${first.project}-2`)
      const urls = [first, second].map(({services}) => services.find(({service}) => service === 'app')?.url)
      expect(new Set(urls).size).to.equal(2)
      for (const url of urls) expect((await fetch(url ?? '')).status).to.equal(200)
    })

    it('is stopped and removed by its name, and nothing else', async () => {
      expect((await keg(['docker', 'package', 'stop', second.project, '--dry-run'])).stdout).to.equal(
        `Would stop and remove ${second.project}: 5 containers, 3 volumes\n`,
      )
      expect((await keg(['docker', 'package', 'stop', second.project])).stdout).to.equal(
        `Stopped and removed ${second.project}: 5 containers, 3 volumes\n`,
      )
      expect(await resources(second.project)).to.deep.equal([])
      expect(await resources(first.project)).to.have.lengthOf(9)
      expect(errorOf(await keg(['docker', 'package', 'stop', second.project, '--json']))).to.include({
        code: 'not-started',
        exitCode: 1,
      })
    })

    it('is one package in the engine, too, and removed as one', async () => {
      const reference = packaged.pinned.slice(0, packaged.pinned.indexOf('@'))
      await docker(['pull', '--quiet', reference])
      const local = async (): Promise<readonly {readonly reference: string; readonly services: readonly string[]}[]> =>
        checked(await keg(['docker', 'package', 'list', `${openRegistry}/${name}`, '--json'])) as never
      expect((await local()).map((each) => [each.reference, each.services.length])).to.deep.equal([[reference, 4]])
      const used = await keg(['docker', 'package', 'remove', reference, '--json'])
      expect(errorOf(used)).to.include({code: 'package-in-use', exitCode: 3})
      await keg(['docker', 'package', 'stop', first.project])
      expect((await keg(['docker', 'package', 'remove', reference])).code).to.equal(0)
      expect(await docker(['images', '--quiet', `${openRegistry}/${name}`])).to.equal('')
      first = await run()
    })

    it('is followed in the foreground, and removed at Ctrl-C', async () => {
      const project = uniqueName('review')
      const running = await startKeg(['docker', 'package', 'run', packaged.pinned, '--name', project])
      await running.said(/^app: http:/m, 'stdout')
      await running.said(/^migrate-1 +\| migrated$/m)
      running.kill('SIGINT')
      const {code, leftovers} = await running.ended
      expect(code).to.equal(130)
      expect(leftovers).to.deep.equal([])
      expect(await resources(project)).to.deep.equal([])
    })

    it('leaves nothing, if it is stopped while its containers are made', async () => {
      const project = uniqueName('review')
      const watched = await watchEngine({
        arriving({line}) {
          if (line === 'POST /containers/create') running?.kill('SIGINT')
        },
      })
      const words = ['docker', 'package', 'run', packaged.pinned, '--name', project, '--detach']
      const running: Awaited<ReturnType<typeof startKeg>> | undefined = await startKeg(words, {
        env: {DOCKER_HOST: watched.host},
      })
      try {
        expect((await running.ended).code).to.equal(130)
        expect(await resources(project)).to.deep.equal([])
      } finally {
        await watched.close()
      }
    })

    it('is a compose file for those without keg', async () => {
      const folder = join(await sandbox.temporaryFolder('compose'), 'review')
      const project = uniqueName('plain')
      const words = ['docker', 'package', 'run', packaged.pinned, '--name', project, '--output-compose', folder]
      const written = await keg(words)
      expect(written.code, written.stderr).to.equal(0)
      expect(errorOf(await keg([...words, '--json']))).to.include({code: 'compose-file-exists', exitCode: 2})
      expect(await readFile(join(folder, 'compose.yaml'), 'utf8')).to.contain(packaged.pinned)
      const compose = (...args: string[]): Promise<string> =>
        docker(['compose', '--file', join(folder, 'compose.yaml'), ...args])
      try {
        await runAdvice(written, 'cd', {add: ['--detach']})
        expect(await docker(['exec', `${project}-app-1`, 'cat', '/settings'])).to.equal(SETTINGS)
        expect(await storedRows(`${project}-app-1`)).to.be.at.least(3)
      } finally {
        await compose('down', '--timeout', '0', '--volumes')
      }
      await writeFile(join(folder, 'file'), '')
      const inFile = [...words.slice(0, -1), join(folder, 'file', 'in'), '--json']
      expect(errorOf(await keg(inFile))).to.include({code: 'compose-file-failed', exitCode: 1})
    })

    it('takes no flags that are for one container, and no name that is taken', async () => {
      const failure = async (...words: string[]): Promise<unknown> =>
        errorOf(await keg(['docker', 'package', 'run', ...words, '--detach', '--json']))
      const single = await keg(['docker', 'package', 'run', packaged.pinned, '--env', 'A=b', '--json'])
      expect(errorOf(single)).to.include({code: 'project-flag', exitCode: 2})
      const database = packaged.services.find(({service}) => service === 'db')?.reference ?? ''
      const alone = uniqueName('alone')
      const add = ['--detach', '--name', alone]
      await runAdvice(single, 'keg docker package run', {add, fill: {'NAME@DIGEST': database}})
      expect((await keg(['docker', 'package', 'logs', alone, '--tail', '1'])).code).to.equal(0)
      expect((await keg(['docker', 'package', 'stop', alone, '--quiet'])).stdout).to.equal(`${alone}\n`)
      expect(await failure(packaged.pinned, '--name', first.project)).to.include({code: 'name-taken', exitCode: 2})
      const worker = packaged.services.find(({service}) => service === 'worker')?.reference ?? ''
      const one = await keg(['docker', 'package', 'run', worker, '--output-compose', 'x', '--json'])
      expect(errorOf(one)).to.include({code: 'not-a-project', exitCode: 2})
    })
  })
})

describe('a compose project that is not packaged to the end @each-store', function () {
  this.timeout(300_000)
  const sandbox = new Sandbox()
  const name = uniqueName('broken')
  let shop: ComposeShop

  before(async () => {
    shop = await ComposeShop.start(sandbox, name)
  })

  after(async () => {
    await shop.end()
    await sandbox.clean()
  })

  /** @param engine through which keg packaged: others package at the same time */
  async function nothingIsLeft(engine: WatchedEngine): Promise<void> {
    for (const service of ['app', 'db', 'worker'])
      expect(await stateOf(shop.container(service))).to.equal('running false')
    expect(engine.runs.size).to.equal(1)
    expect(await madeBy(engine)).to.deep.equal([])
    expect(
      (await fetch(`http://${openRegistry}/v2/${name}/manifests/one`, {headers: {accept: INDEX}})).status,
    ).to.equal(404)
  }

  const stages: readonly [string, RegExp, 'arriving' | 'answered'][] = [
    ['before a container is paused', /\/pause$/, 'arriving'],
    ['when a container is paused', /\/pause$/, 'answered'],
    ['when a container is committed', /^POST \/commit$/, 'answered'],
    ['before a container is unpaused', /\/unpause$/, 'arriving'],
  ]
  for (const [stage, place, moment] of stages)
    it(`leaves nothing and pauses nothing after Ctrl-C ${stage}`, async () => {
      let running: Awaited<ReturnType<typeof startKeg>> | undefined
      let isStopped = false
      const watched = await watchEngine({
        [moment]({line}: {readonly line: string}) {
          if (isStopped || !place.test(line)) return
          isStopped = true
          running?.kill('SIGINT')
        },
      })
      try {
        const words = ['docker', 'package', '--project', '-t', 'one', '--registry', openRegistry]
        running = await startKeg(words, {cwd: shop.folder, env: {DOCKER_HOST: watched.host}})
        const {code, leftovers} = await running.ended
        expect(code).to.equal(130)
        expect(leftovers).to.deep.equal([])
        await nothingIsLeft(watched)
      } finally {
        await watched.close()
      }
    })

  for (const [what, place] of [
    ['an image', new RegExp(`^PUT /v2/${name}/manifests/sha256:`)],
    ['the index', new RegExp(`^PUT /v2/${name}/manifests/one$`)],
  ] as const)
    it(`has no tag if the registry refuses ${what}`, async () => {
      const engine = await watchEngine()
      const watched = await watchRegistry(openRegistry, {
        refuses: ({line}) => (place.test(line) ? 403 : undefined),
      })
      try {
        const words = ['docker', 'package', '--project', '-t', 'one', '--registry', watched.registry, '--json']
        const run = await keg(words, {cwd: shop.folder, env: {DOCKER_HOST: engine.host}})
        expect(run.json().error).to.include({code: 'registry-denied', exitCode: 1})
        await nothingIsLeft(engine)
        // Its images are gone, too.
        for (const line of watched.lines(/^PUT .*manifests.sha256:/)) {
          const [, path = ''] = line.split(' ')
          expect((await fetch(`http://${openRegistry}${path}`, {headers: {accept: MANIFEST}})).status).to.equal(404)
        }
      } finally {
        await watched.close()
        await engine.close()
      }
    })
})
