import {expect} from 'chai'
import {createHash} from 'node:crypto'
import {once} from 'node:events'
import {chown, mkdir, rm} from 'node:fs/promises'
import {createServer, type AddressInfo} from 'node:net'
import {join} from 'node:path'
import {setTimeout as wait} from 'node:timers/promises'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {GitSandbox} from '../../support/git.js'
import {keg, type KegOptions} from '../../support/keg.js'
import {writeTar} from '../../support/tar.js'
import {proxy, refusingRegistry} from '../registry/misbehaving-registry.js'
import {inContainer} from './packaging.js'
import {madeBy, stateOf, watchEngine, type WatchedEngine} from './watched-engine.js'

const privateRegistry = process.env.KEG_TEST_PRIVATE_REGISTRY ?? '127.0.0.1:5443'
const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'

/** What a person or a script is told. */
interface Expected {
  readonly exit: number
  readonly code: string
  readonly says: RegExp
  /** What to do next. */
  readonly hints: RegExp
}

/** All that a terminal would obey or hide, but for the ends of lines. */
const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/

describe('keg docker package, when it fails', function () {
  this.timeout(120_000)

  let sandbox: Sandbox
  let git: GitSandbox
  let container: string
  let restarting: string
  let engine: WatchedEngine
  let open: {close(): Promise<void>}[]

  before(async () => {
    sandbox = new Sandbox()
    git = new GitSandbox()
    container = await sandbox.run(['-v', '/data', '--tmpfs', '/memory', baseImage, 'sleep', '100000'])
    await inContainer(container, 'echo one >/data/one')
    // By the time it is needed, the engine waits long enough between its restarts.
    restarting = await sandbox.run(['--restart', 'always', baseImage, 'false'])
  })

  beforeEach(async () => {
    open = []
    engine = closing(await watchEngine())
  })

  afterEach(async () => {
    await Promise.all(open.map((each) => each.close()))
  })

  after(async () => {
    git.remove()
    await sandbox.clean()
  })

  function closing<T extends {close(): Promise<void>}>(resource: T): T {
    open.push(resource)
    return resource
  }

  /** Runs it for a person and for a script, both of whom have to be told the same. Returns `error.data`. */
  async function expectFailure(
    words: readonly string[],
    {code, exit, hints, says}: Expected,
    {env, ...options}: KegOptions = {},
  ): Promise<Record<string, unknown>> {
    const line = ['docker', 'package', ...words]
    const run = {...options, env: {DOCKER_HOST: engine.host, ...env}}
    const shown = await keg(line, run)
    const parsed = await keg([...line, '--json'], run)
    const {error} = parsed.json() as {error: Record<string, unknown>}
    expect(error, shown.stderr).to.include({code, exitCode: exit})
    expect(error.message).to.match(says)
    expect(error.hint).to.match(hints)
    expect(parsed.code).to.equal(exit)
    expect(shown.code, shown.stderr).to.equal(exit)
    expect(shown.stdout).to.equal('')
    // Errors differ only by what differs between two runs, such as a time.
    const message = /(?:^|\n)Error: ([^]*)\n$/.exec(shown.stderr)?.[1] ?? ''
    expect(message, shown.stderr).to.match(says).and.to.match(hints)
    expect(shown.stderr).not.to.match(controls)
    expect([...shown.leftovers, ...parsed.leftovers]).to.deep.equal([])
    return (error.data ?? {}) as Record<string, unknown>
  }

  /** And nothing was changed: no image or container was left, and the container runs on. */
  async function expectNothingDone(words: readonly string[], expected: Expected, options: KegOptions = {}) {
    const data = await expectFailure(words, expected, options)
    expect(await madeBy(engine)).to.deep.equal([])
    expect(await stateOf(container)).to.equal('running false')
    return data
  }

  /** And the container was not even held still. */
  async function expectNothingBegun(words: readonly string[], expected: Expected, options: KegOptions = {}) {
    const data = await expectNothingDone(words, expected, options)
    expect(engine.requests.filter(({line}) => /pause|commit/.test(line))).to.deep.equal([])
    return data
  }

  function whole(name: string): string {
    return sandbox.addImage(`${name}:dev`)
  }

  describe('for want of an engine @once', () => {
    it('says where it looked, with exit code 4', async () => {
      const socket = join(git.folder, 'dead.sock')
      await expectFailure(
        [container, '-t', 'dev'],
        {
          exit: 4,
          code: 'engine-unreachable',
          says: /^No Docker engine answers at \S+dead\.sock \(DOCKER_HOST or --host\)\./,
          hints: /Start the engine/,
        },
        {env: {DOCKER_HOST: `unix://${socket}`}},
      )
    })

    it('says that there is no such context', async () => {
      await expectFailure(
        [container, '-t', 'dev'],
        {
          exit: 2,
          code: 'context-unknown',
          says: /There is no docker context nowhere \(DOCKER_CONTEXT or --context\)\./,
          hints: /docker context ls/,
        },
        {env: {DOCKER_HOST: undefined, DOCKER_CONTEXT: 'nowhere'}},
      )
    })
  })

  describe('for want of a container @once', () => {
    it('says that none has the name', async () => {
      await expectNothingBegun([uniqueName('nobody'), '-t', 'dev'], {
        exit: 2,
        code: 'container-unknown',
        says: /^There is no container, linked tap, service of this folder or container id keg-test-nobody-\w+\./,
        hints: /^Running: |\nRunning: /,
      })
    })

    it('lists those whose id begins so', async () => {
      const ids: string[] = []
      let prefix: string | undefined
      while (prefix === undefined) {
        ids.push(await sandbox.create([baseImage, 'x']))
        prefix = ids.map((id) => id.slice(0, 1)).find((first, index, all) => all.indexOf(first) < index)
      }
      const names = await docker(['inspect', '--format', '{{.Name}}', ...ids.filter((id) => id.startsWith(prefix))])
      const {containers} = await expectNothingBegun([prefix, '-t', 'dev'], {
        exit: 2,
        code: 'container-ambiguous',
        says: new RegExp(`^${prefix} fits several containers: `),
        hints: /Name one of them\./,
      })
      expect(containers).to.include.members(names.split('\n').map((name) => name.replace('/', '')))
    })

    it('lists the containers of a service', async () => {
      const folder = await sandbox.temporaryFolder('compose')
      const labels = ['com.docker.compose.service=web', `com.docker.compose.project.working_dir=${folder}`]
      const names = [uniqueName('web'), uniqueName('web')]
      for (const name of names)
        await sandbox.create(['--name', name, ...labels.flatMap((label) => ['--label', label]), baseImage, 'x'])
      const several = {exit: 2, code: 'container-ambiguous', hints: /Name one of them\./}
      const named = {...several, says: /^web fits several containers: keg-test-web-/}
      const ofService = await expectNothingBegun(['web', '-t', 'dev'], named, {cwd: folder})
      expect(ofService.containers).to.have.members(names)
      const own = {...several, says: /^This folder has several containers: keg-test-web-/}
      const ofFolder = await expectNothingBegun(['-t', 'dev'], own, {cwd: folder})
      expect(ofFolder.containers).to.have.members(names)
    })

    it('says that none belongs to the folder', async () => {
      await expectNothingBegun(['-t', 'dev'], {
        exit: 2,
        code: 'container-missing',
        says: /^No container belongs to this folder\./,
        hints: /keg docker package CONTAINER/,
      })
    })

    it('refuses one that restarts over and over', async () => {
      // Just after a restart, when the next one is long seconds away.
      const count = async (): Promise<number> =>
        Number(await docker(['inspect', '--format', '{{.RestartCount}}', restarting]))
      const before = await count()
      while ((await count()) <= Math.max(before, 5) || !(await stateOf(restarting)).startsWith('restarting'))
        await wait(100)
      await expectNothingBegun([restarting, '-t', 'dev'], {
        exit: 1,
        code: 'container-restarting',
        says: /restarts over and over/,
        hints: /docker stop /,
      })
    })
  })

  describe('by its names @once', () => {
    const wrong: Readonly<Record<string, {words: string[]; code: string; says: RegExp; position?: number}>> = {
      'an illegal tag': {words: ['-t', 'a b'], code: 'tag-invalid', says: /"a b" is not a tag: /, position: 2},
      'an illegal reference': {
        words: ['-t', 'registry.example.com/App:dev'],
        code: 'reference-invalid',
        says: /is not an image reference: /,
        position: 22,
      },
      'a reference with a digest': {
        words: ['-t', `app@sha256:${'0'.repeat(64)}`],
        code: 'digest-given',
        says: /has a digest/,
      },
      'an illegal name': {
        words: ['-t', 'dev', '--name', 'my app'],
        code: 'name-invalid',
        says: /is not an image name/,
        position: 3,
      },
      'an illegal registry': {
        words: ['-t', 'dev', '--registry', 'registry.example.com:port'],
        code: 'registry-invalid',
        says: /registry\.example\.com:port/,
        position: 22,
      },
      'an empty branch': {words: ['--branch', ''], code: 'branch-empty', says: /The name of the branch is empty\./},
    }
    for (const [what, {code, position, says, words}] of Object.entries(wrong)) {
      it(`says what is wrong with ${what}`, async () => {
        const expected = {exit: 2, code, says, hints: /\w/}
        const data = await expectNothingBegun([container, ...words], expected)
        expect(data.position).to.equal(position)
      })
    }

    it('says that there is no registry to push to', async () => {
      await expectNothingBegun([container, '-t', 'dev', '--push'], {
        exit: 2,
        code: 'registry-missing',
        says: /--push needs a registry/,
        hints: /--registry .*KEG_REGISTRY/,
      })
    })

    it('says that there is neither a tag nor a branch', async () => {
      await expectNothingBegun([container], {
        exit: 2,
        code: 'tag-missing',
        says: /There is no tag/,
        hints: /-t TAG.*--branch/,
      })
    })

    it('says what git says of a repository that is somebody else’s', async () => {
      // Only root can give a folder away.
      if (process.getuid?.() !== 0) return
      const cwd = git.repository('foreign', 'feature')
      await chown(cwd, 12_345, 12_345)
      const expected = {exit: 1, code: 'repository-refused', says: /git/, hints: /safe\.directory/}
      await expectNothingBegun([container], expected, {cwd})
    })

    it('takes the tag that everybody pulls only where it is told to', async () => {
      const cwd = git.repository('guarded', 'develop')
      await expectNothingBegun(
        [container],
        {exit: 3, code: 'default-tag', says: /^develop is the tag that everybody pulls/, hints: /-t develop/},
        {cwd},
      )
      const name = sandbox.addImage(`${uniqueName('guarded')}:develop`)
      const told = await keg(['docker', 'package', container, '-t', 'develop', '--name', name.split(':')[0] ?? ''], {
        cwd,
      })
      expect(told.code, told.stderr).to.equal(0)
      expect(await docker(['image', 'inspect', '--format', '{{.RepoTags}}', name])).to.equal(`[${name}]`)
    })
  })

  describe('by its mounts', () => {
    it('says which mounts there are @once', async () => {
      const expected = {exit: 2, code: 'mount-unknown', hints: /Its mounts are: .*\/data/}
      for (const flag of ['--exclude-mount', '--include-mount']) {
        const says = new RegExp(`${flag} /nothing names no mount of the container`)
        const data = await expectNothingBegun([container, '-t', 'dev', flag, '/nothing'], {...expected, says})
        expect(data.mounts).to.include('/data')
      }
    })

    it('cannot take in a socket or memory @once', async () => {
      const folder = await sandbox.temporaryFolder('socket')
      const server = createServer().listen(join(folder, 'app.sock'))
      await once(server, 'listening')
      try {
        const mounted = await sandbox.run([
          ...['--mount', 'type=tmpfs,target=/memory', '-v', `${join(folder, 'app.sock')}:/app.sock`],
          ...[baseImage, 'sleep', '100000'],
        ])
        for (const [path, says] of [
          ['/app.sock', /it is a socket/],
          ['/memory', /it is memory/],
        ] as const)
          await expectNothingBegun([mounted, '-t', 'dev', '--include-mount', path], {
            exit: 2,
            code: 'mount-empty',
            says,
            hints: /Leave the flag out/,
          })
      } finally {
        server.close()
      }
    })

    it('takes more than 1 GB only where it is told to @once', async () => {
      const large = await sandbox.run(['-v', '/data', baseImage, 'sleep', '100000'])
      await docker(['exec', large, 'dd', 'if=/dev/zero', 'of=/data/sparse', 'bs=1', 'count=1', 'seek=1000000001'])
      await expectNothingBegun([large, '-t', 'dev'], {
        exit: 2,
        code: 'input-missing',
        says: /The mounts hold (?:more than )?1 GB\. Package them\?/,
        hints: /--yes/,
      })
      expect(await stateOf(large)).to.equal('running false')
    })

    it('says that the source of a bind is gone', async () => {
      const folder = await sandbox.temporaryFolder('source')
      await mkdir(join(folder, 'gone'))
      const bound = await sandbox.run(['-v', `${join(folder, 'gone')}:/bound`, baseImage, 'sleep', '100000'])
      await rm(join(folder, 'gone'), {recursive: true})
      await expectNothingBegun([bound, '-t', 'dev'], {
        exit: 1,
        code: 'mount-unreadable',
        says: /The mount \/bound cannot be read: /,
        hints: /--exclude-mount \/bound/,
      })
    })

    it('names a file that no image can have @once', async () => {
      const odd = await sandbox.run(['-v', '/data', baseImage, 'sleep', '100000'])
      await inContainer(odd, 'mkdir /data/in; echo 1 >/data/in/.wh.x')
      await expectNothingDone([odd, '-t', 'dev'], {
        exit: 1,
        code: 'whiteout-name',
        says: /\/data\/in\/\.wh\.x cannot be in an image/,
        hints: /Rename or remove it/,
      })
      expect(await stateOf(odd)).to.equal('running false')
    })
  })

  describe('by its image', () => {
    it('says that the image is gone', async () => {
      const image = await sandbox.imageFromFiles(uniqueName('gone'), [{path: 'file'}], {instructions: ['CMD ["x"]']})
      const stopped = await sandbox.create([image])
      await docker(['image', 'rm', '--force', await docker(['inspect', '--format', '{{.Image}}', stopped])])
      await expectNothingBegun([stopped, '-t', 'dev'], {
        exit: 1,
        code: 'image-missing',
        says: /^The image of \S+ was removed from the engine\./,
        hints: /Pull or build .* again/,
      })
    })

    it('counts the layers before it holds anything still', async () => {
      const image = await manyLayers(uniqueName('layers'), 124)
      const high = await sandbox.create(['-v', '/data', image, 'x'])
      const data = await expectNothingBegun([high, '-t', 'dev'], {
        exit: 1,
        code: 'layers-too-many',
        says: /would have 126 layers, and engines keep at most 125: 124 of the image of \S+, one of its own, 1 of its mounts\./,
        hints: /flatten it/,
      })
      expect(data).to.deep.equal({layers: 126, most: 125})
    })
  })

  /** An image with this many layers, each with a file. */
  async function manyLayers(name: string, count: number): Promise<string> {
    const layers = Array.from({length: count}, (_, index) => writeTar([{path: `layer-${index}`, content: name}]))
    const diffIds = layers.map((layer) => `sha256:${createHash('sha256').update(layer).digest('hex')}`)
    const reference = sandbox.addImage(`${name}:dev`)
    const config = {
      architecture: await docker(['version', '--format', '{{.Server.Arch}}']),
      os: 'linux',
      config: {Cmd: ['x']},
      rootfs: {type: 'layers', diff_ids: diffIds},
      history: diffIds.map(() => ({created: '2026-01-01T00:00:00Z'})),
    }
    const names = layers.map((_, index) => `${index}/layer.tar`)
    const manifest = [{Config: 'config.json', RepoTags: [reference], Layers: names}]
    const archive = writeTar([
      {path: 'manifest.json', content: JSON.stringify(manifest)},
      {path: 'config.json', content: JSON.stringify(config)},
      ...layers.map((content, index) => ({path: `${index}/layer.tar`, content})),
    ])
    await docker(['load', '--quiet'], {input: archive})
    return reference
  }

  describe('for want of room @once', () => {
    it('says that there is no temporary folder', async () => {
      await expectNothingBegun(
        [container, '-t', 'dev'],
        {exit: 1, code: 'spool-failed', says: /\/nonexistent cannot be used/, hints: /TMPDIR/},
        {env: {TMPDIR: '/nonexistent'}},
      )
    })

    it('says that the temporary folder is full, and lets the container go on', async () => {
      const volume = sandbox.addVolume(uniqueName('small'))
      const size = ['--opt', 'type=tmpfs', '--opt', 'device=tmpfs', '--opt', 'o=size=1m']
      await docker(['volume', 'create', '--label', sandbox.label, ...size, volume])
      await sandbox.run(['-v', `${volume}:/small`, baseImage, 'sleep', '100000'])
      const folder = await docker(['volume', 'inspect', '--format', '{{.Mountpoint}}', volume])
      const filled = await sandbox.run(['-v', '/data', baseImage, 'sleep', '100000'])
      await docker(['exec', filled, 'dd', 'if=/dev/zero', 'of=/data/file', 'bs=1M', 'count=4'])
      await expectNothingDone(
        [filled, '-t', 'dev'],
        {exit: 1, code: 'spool-failed', says: /There is no room left in /, hints: /Make room there/},
        {env: {TMPDIR: folder}},
      )
      expect(await stateOf(filled)).to.equal('running false')
    })
  })

  describe('by a registry', () => {
    /** After a failed push the image has its name, and the one thing that is left to do is told. */
    async function expectKept(registry: string, code: string, says: RegExp): Promise<void> {
      const reference = whole(`${registry}/keg/${uniqueName('kept')}`)
      const words = [container, '-t', reference]
      const again = new RegExp(`The image is kept in the engine; push it again with: docker push ${reference}`)
      const first = await expectFailure(words, {exit: 1, code, says, hints: again})
      expect(first).to.include({reference, registry})
      expect(await stateOf(container)).to.equal('running false')
      const id = await docker(['image', 'inspect', '--format', '{{.Id}}', reference])
      const made = await madeBy(engine)
      expect(made).to.include(`image ${id} ${reference}`)
      expect(made.filter((each) => each.startsWith('container'))).to.deep.equal([])
      // The one of the first run lost its name to that of the second.
      expect(made.filter((each) => !each.includes(reference)).map((each) => each.split(' ')[2])).to.deep.equal([
        '<none>:<none>',
      ])
      for (const each of made) await docker(['image', 'rm', '--force', each.split(' ')[1] ?? ''])
    }

    it('that wants to know who it is', async () => {
      await expectKept(privateRegistry, 'registry-unauthorized', /wants to know who you are/)
    })

    it('that does not let it', async () => {
      const {registry} = closing(await refusingRegistry(403, 'DENIED'))
      await expectKept(registry, 'registry-denied', /does not let just anybody push/)
    })

    it('that is not there', async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      const {port} = server.address() as AddressInfo
      server.close()
      await once(server, 'close')
      await expectKept(`127.0.0.1:${port}`, 'registry-unreachable', /cannot be reached/)
    })

    it('that breaks off', async () => {
      const way = closing(await proxy({registry: openRegistry, cut: {bytes: 10, direction: 'down'}}))
      await expectKept(way.registry, 'registry-broke-off', /broke off the push/)
      expect(way.cuts()).to.be.above(0)
    })
  })

  describe('by its command line @once', () => {
    const lines: Readonly<Record<string, {words: string[]; says: RegExp}>> = {
      'an unknown flag': {words: ['--nope'], says: /Nonexistent flag: --nope/},
      'a flag without its value': {words: ['-t'], says: /Flag --tag expects a value/},
      'a value that is not among those there are': {words: ['--mounts', 'some'], says: /all, volumes, none/},
      'a word too many': {words: ['one', 'two'], says: /Unexpected argument: two/},
    }
    for (const [what, {says, words}] of Object.entries(lines)) {
      it(`names ${what}, with exit code 2`, async () => {
        const told = {exit: 2, code: 'usage-invalid', says, hints: /keg docker package --help/}
        // A flag without its value would take --json for it.
        if (words[0] !== '-t') await expectFailure(words, told)
        const {code, stderr, stdout} = await keg(['docker', 'package', ...words])
        expect([code, stdout]).to.deep.equal([2, ''])
        expect(stderr).to.match(says)
      })
    }

    it('says which commands there are where one is mistyped', async () => {
      const {code, stderr, stdout} = await keg(['docker', 'pakage'])
      expect(code).to.equal(2)
      expect(stdout).to.equal('')
      expect(stderr).to.contain('docker pakage is not a keg command').and.to.contain('keg help docker')
    })
  })

  it('shows no control characters, whoever wrote them @once', async () => {
    const escape = '\u001b[2J\u0007\u202e\u009b'
    const hostile = await sandbox.run([
      ...['--label', `com.keg.folder=/nowhere${escape}`, '--label', `com.keg.branch=${escape}`],
      ...['--label', `com.docker.compose.service=web${escape}`, '--env', `NAME${escape}=1`],
      ...['-v', `/data${escape}`, baseImage, 'sleep', '100000'],
    ])
    const name = uniqueName('hostile')
    const branch = `odd${escape}`
    const made = await keg(['docker', 'package', hostile, '--name', name, '--branch', branch])
    const tags = await docker(['images', '--format', '{{.Repository}}:{{.Tag}}', name])
    sandbox.addImage(tags)
    expect(made.code, made.stderr).to.equal(0)
    expect(made.stderr).to.contain('/data?[2J').and.to.contain('odd?[2J').and.to.contain('NAME?[2J')
    expect(made.stderr + made.stdout).not.to.match(controls)

    const told = {exit: 2, hints: /\w/}
    await expectNothingBegun([`nobody${escape}`, '-t', 'dev'], {
      ...told,
      code: 'container-unknown',
      says: /nobody\?\[2J/,
    })
    const unknown = {...told, code: 'mount-unknown', hints: /\/data\?\[2J/, says: /\/nothing/}
    await expectNothingBegun([hostile, '-t', 'dev', '--exclude-mount', '/nothing'], unknown)
    const illegal = {...told, code: 'tag-invalid', says: /not a tag/}
    await expectNothingBegun([hostile, '-t', `dev${escape}`], illegal)
    const wrongFlag = await keg(['docker', 'package', `--x${escape}`])
    expect(wrongFlag.stderr).not.to.match(controls)
  })
})
