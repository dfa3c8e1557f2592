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
import {runAdvice} from '../../support/run-advice.js'
import {writeTar} from '../../support/tar.js'
import {manifestRefusingRegistry, proxy, refusingRegistry} from '../registry/misbehaving-registry.js'
import {inContainer} from './packaging.js'
import {madeBy, stateOf, watchEngine, type WatchedEngine} from './watched-engine.js'

const privateRegistry = process.env.KEG_TEST_PRIVATE_REGISTRY ?? '127.0.0.1:5443'
const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'

/** What a person or a script is told about a failure. */
interface Expected {
  readonly exit: number
  readonly code: string
  readonly says: RegExp
  /** The next steps. */
  readonly hints: RegExp
}

/** Everything that a terminal would obey or hide, except line ends. */
const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/

describe('keg docker package, when it fails @each-store', function () {
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

  /** Runs it for a person and for a script, who must be told the same. Returns `error.data`. */
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
    // Errors differ only in what differs between two runs, such as a time.
    const message = /(?:^|\n)Error: ([^]*)\n$/.exec(shown.stderr)?.[1] ?? ''
    expect(message, shown.stderr).to.match(says).and.to.match(hints)
    expect(shown.stderr).not.to.match(controls)
    expect([...shown.leftovers, ...parsed.leftovers]).to.deep.equal([])
    return (error.data ?? {}) as Record<string, unknown>
  }

  /** And nothing was changed: no image or container was left, and the container runs. */
  async function expectNothingDone(words: readonly string[], expected: Expected, options: KegOptions = {}) {
    const data = await expectFailure(words, expected, options)
    expect(await madeBy(engine)).to.deep.equal([])
    expect(await stateOf(container)).to.equal('running false')
    return data
  }

  /** And the container was not even paused. */
  async function expectNothingBegun(words: readonly string[], expected: Expected, options: KegOptions = {}) {
    const data = await expectNothingDone(words, expected, options)
    expect(engine.requests.filter(({line}) => /pause|commit/.test(line))).to.deep.equal([])
    return data
  }

  function whole(name: string): string {
    return sandbox.addImage(`${name}:dev`)
  }

  describe('without an engine @classic', () => {
    it('says where it looked, with exit code 4 @classic', async () => {
      const socket = join(git.folder, 'dead.sock')
      await expectFailure(
        [container, '-t', 'dev'],
        {
          exit: 4,
          code: 'engine-unreachable',
          says: /^Cannot connect to the Docker engine at \S+dead\.sock \(DOCKER_HOST or --host\)\./,
          hints: /Start the engine/,
        },
        {env: {DOCKER_HOST: `unix://${socket}`}},
      )
    })

    it('says that the context does not exist @classic', async () => {
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

  describe('without a container @classic', () => {
    it('says that no container has the name @classic', async () => {
      await expectNothingBegun([uniqueName('nobody'), '-t', 'dev'], {
        exit: 2,
        code: 'container-unknown',
        says: /^There is no container, linked tap, service of this folder or container id keg-test-nobody-\w+\./,
        hints: /Running: /,
      })
    })

    it('lists the containers whose id begins with the prefix @classic', async () => {
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
        says: new RegExp(`^${prefix} matches several containers: `),
        hints: /Name one of them\./,
      })
      expect(containers).to.include.members(names.split('\n').map((name) => name.replace('/', '')))
    })

    it('lists the containers of a service @classic', async () => {
      const folder = await sandbox.temporaryFolder('compose')
      const labels = ['com.docker.compose.service=web', `com.docker.compose.project.working_dir=${folder}`]
      const names = [uniqueName('web'), uniqueName('web')]
      for (const name of names)
        await sandbox.create(['--name', name, ...labels.flatMap((label) => ['--label', label]), baseImage, 'x'])
      const several = {exit: 2, code: 'container-ambiguous', hints: /Name one of them\./}
      const named = {...several, says: /^web matches several containers: keg-test-web-/}
      const ofService = await expectNothingBegun(['web', '-t', 'dev'], named, {cwd: folder})
      expect(ofService.containers).to.have.members(names)
      const own = {...several, says: /^This folder has several containers: keg-test-web-/}
      const ofFolder = await expectNothingBegun(['-t', 'dev'], own, {cwd: folder})
      expect(ofFolder.containers).to.have.members(names)
    })

    it('says that no container belongs to the folder @classic', async () => {
      await expectNothingBegun(['-t', 'dev'], {
        exit: 2,
        code: 'container-missing',
        says: /^No container belongs to this folder\./,
        hints: /keg docker package CONTAINER/,
      })
      const env = {DOCKER_HOST: engine.host}
      const refused = await keg(['docker', 'package', '-t', 'dev'], {env})
      const add = ['-t', 'dev', '--dry-run', '--json']
      const planned = await runAdvice(refused, 'keg docker package', {env, fill: {CONTAINER: container}, add})
      expect(planned.json()).to.have.property('container')
    })

    it('refuses a container that keeps restarting @classic', async () => {
      // Just after a restart, when the next one is seconds away.
      const count = async (): Promise<number> =>
        Number(await docker(['inspect', '--format', '{{.RestartCount}}', restarting]))
      const before = await count()
      while ((await count()) <= Math.max(before, 5) || !(await stateOf(restarting)).startsWith('restarting'))
        await wait(100)
      await expectNothingBegun([restarting, '-t', 'dev'], {
        exit: 1,
        code: 'container-restarting',
        says: /keeps restarting/,
        hints: /docker stop /,
      })
    })
  })

  describe('because of its names @classic', () => {
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
      it(`says what is wrong with ${what} @classic`, async () => {
        const expected = {exit: 2, code, says, hints: /\w/}
        const data = await expectNothingBegun([container, ...words], expected)
        expect(data.position).to.equal(position)
      })
    }

    it('says that there is no registry to push to @classic', async () => {
      await expectNothingBegun([container, '-t', 'dev', '--push'], {
        exit: 2,
        code: 'registry-missing',
        says: /--push needs a registry/,
        hints: /--registry .*KEG_REGISTRY/,
      })
    })

    it('says that there is neither a tag nor a branch @classic', async () => {
      await expectNothingBegun([container], {
        exit: 2,
        code: 'tag-missing',
        says: /There is no tag/,
        hints: /-t TAG.*--branch/,
      })
    })

    it('passes on what git says about somebody else’s repository @classic', async () => {
      // Only root can give a folder away.
      if (process.getuid?.() !== 0) return
      const cwd = git.repository('foreign', 'feature')
      await chown(cwd, 12_345, 12_345)
      const expected = {exit: 1, code: 'repository-refused', says: /git/, hints: /safe\.directory/}
      await expectNothingBegun([container], expected, {cwd})
    })

    it('moves no name of another container’s package, here or in the registry, unless told to', async () => {
      const name = sandbox.addImage(`${openRegistry}/keg/${uniqueName('taken')}:one`)
      const other = await sandbox.run([baseImage, 'sleep', '100000'])
      const packaged = async (line: readonly string[]): Promise<void> => {
        const {code, stderr} = await keg(['docker', 'package', ...line])
        expect(code, stderr).to.equal(0)
      }
      await packaged([other, '-t', name, '--load'])
      // The name of one's own package is always moved.
      await packaged([other, '-t', name, '--load'])
      const expected = {exit: 3, code: 'tag-taken', hints: /another tag with -t .*--replace-tag/}
      for (const flags of [['--load'], ['--via', 'engine']])
        await expectNothingBegun([container, '-t', name, ...flags], {
          ...expected,
          says: /in the engine is the package of .* in the registry is the package of /,
        })
      // A name in the engine is not moved by what goes only into the registry.
      await expectNothingBegun([container, '-t', name], {...expected, says: /^\S+ in the registry is the package of /})
      await packaged([container, '-t', name, '--replace-tag'])
    })

    it('takes a protected tag only if told to', async () => {
      const cwd = git.repository('guarded', 'develop')
      await expectNothingBegun(
        [container],
        {exit: 3, code: 'default-tag', says: /^The tag develop is protected/, hints: /-t develop/},
        {cwd},
      )
      const toMain = [container, '--branch', 'main']
      await expectNothingBegun([...toMain, '--registry', '127.0.0.1:1/acme'], {
        exit: 3,
        code: 'default-tag',
        says: /^The tag main is protected/,
        hints: /-t main/,
      })
      // Nobody pulls an image that is only in the engine.
      const local = await keg(['docker', 'package', ...toMain, '--dry-run', '--json'])
      expect(local.code, local.stderr).to.equal(0)
      const name = sandbox.addImage(`${uniqueName('guarded')}:develop`)
      const told = await keg(['docker', 'package', container, '-t', 'develop', '--name', name.split(':')[0] ?? ''], {
        cwd,
      })
      expect(told.code, told.stderr).to.equal(0)
      expect(await docker(['image', 'inspect', '--format', '{{.RepoTags}}', name])).to.equal(`[${name}]`)
    })
  })

  describe('because of its mounts', () => {
    it('lists the mounts @classic', async () => {
      const expected = {exit: 2, code: 'mount-unknown', hints: /Did you mean \/data\? Its mounts are: .*\/data/}
      for (const flag of ['--exclude-mount', '--include-mount']) {
        const says = new RegExp(`${flag} /dta is not a mount of the container`)
        const data = await expectNothingBegun([container, '-t', 'dev', flag, '/dta'], {...expected, says})
        expect(data.mounts).to.include('/data')
      }
    })

    it('cannot include a socket or memory @classic', async () => {
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
            hints: /Remove the flag/,
          })
      } finally {
        server.close()
      }
    })

    it('includes more than 1 GB only if told to @classic', async () => {
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

    it('says that the source of a bind is gone @containerd', async () => {
      const folder = await sandbox.temporaryFolder('source')
      await mkdir(join(folder, 'gone'))
      const bound = await sandbox.run(['-v', `${join(folder, 'gone')}:/bound`, baseImage, 'sleep', '100000'])
      // While it runs, keg reads what it still has.
      await docker(['stop', '--time', '0', bound])
      await rm(join(folder, 'gone'), {recursive: true})
      await expectNothingBegun([bound, '-t', 'dev'], {
        exit: 1,
        code: 'mount-unreadable',
        says: /The mount \/bound cannot be read: /,
        hints: /--exclude-mount \/bound/,
      })
    })

    it('names a file that no image can store @classic', async () => {
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

  describe('because of its image', () => {
    it('says that the image is gone @classic', async () => {
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

    it('counts the layers before it pauses anything', async () => {
      const image = await manyLayers(uniqueName('layers'), 124)
      const high = await sandbox.create(['-v', '/data', image, 'x'])
      const data = await expectNothingBegun([high, '-t', 'dev'], {
        exit: 1,
        code: 'layers-too-many',
        says: /would have 126 layers, and engines support at most 125: 124 of the image of \S+, one of its own, 1 of its mounts\./,
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

  describe('because of a full disk @classic', () => {
    it('says that the temporary folder is missing', async () => {
      await expectNothingBegun(
        [container, '-t', 'dev'],
        {exit: 1, code: 'spool-failed', says: /\/nonexistent cannot be used/, hints: /TMPDIR/},
        {env: {TMPDIR: '/nonexistent'}},
      )
    })

    it('says that the temporary folder is too small, and does not pause the container', async () => {
      const volume = sandbox.addVolume(uniqueName('small'))
      const size = ['--opt', 'type=tmpfs', '--opt', 'device=tmpfs', '--opt', 'o=size=1m']
      await docker(['volume', 'create', '--label', sandbox.label, ...size, volume])
      await sandbox.run(['-v', `${volume}:/small`, baseImage, 'sleep', '100000'])
      const folder = await docker(['volume', 'inspect', '--format', '{{.Mountpoint}}', volume])
      const filled = await sandbox.run(['-v', '/data', baseImage, 'sleep', '100000'])
      await docker(['exec', filled, 'dd', 'if=/dev/zero', 'of=/data/file', 'bs=1M', 'count=4'])
      await expectNothingDone(
        [filled, '-t', 'dev'],
        {exit: 1, code: 'spool-failed', says: /are free in .* Nothing was paused/, hints: /Free some space there/},
        {env: {TMPDIR: folder}},
      )
      expect(await stateOf(filled)).to.equal('running false')
    })
  })

  describe('because of a registry @containerd', () => {
    /** After a failed push the image keeps its name, and the hint is to push it again. */
    async function expectKept(
      registry: string,
      {code, says}: Pick<Expected, 'code' | 'says'>,
      andThen: (reference: string) => Promise<void>,
    ): Promise<void> {
      const reference = whole(`${registry}/keg/${uniqueName('kept')}`)
      const words = [container, '-t', reference, '--via', 'engine']
      const again = new RegExp(
        `The image is kept in the engine. Push it again with: keg docker package push ${reference}`,
      )
      const first = await expectFailure(words, {exit: 1, code, says, hints: again})
      expect(first).to.include({reference, registry})
      expect(await stateOf(container)).to.equal('running false')
      const id = await docker(['image', 'inspect', '--format', '{{.Id}}', reference])
      const made = await madeBy(engine)
      expect(made).to.include(`image ${id} ${reference}`)
      expect(made.filter((each) => each.startsWith('container'))).to.deep.equal([])
      // The first run's image lost its name to that of the second.
      expect(made.filter((each) => !each.includes(reference)).map((each) => each.split(' ')[2])).to.deep.equal([
        '<none>:<none>',
      ])
      await andThen(reference)
      for (const each of made) await docker(['image', 'rm', '--force', each.split(' ')[1] ?? ''])
    }

    /** The registry is asked before the container is paused, with `--dry-run` too. */
    async function expectAsked(registry: string, code: string, says: RegExp): Promise<void> {
      const words = [container, '-t', `${registry}/keg/${uniqueName('asked')}:dev`]
      for (const flags of [[], ['--dry-run']])
        await expectNothingDone([...words, ...flags], {exit: 1, code, says, hints: /\S/})
    }

    it('that requires a login', async () => {
      await expectAsked(privateRegistry, 'registry-unauthorized', /requires a login/)
    })

    it('that denies access', async () => {
      const {registry} = closing(await refusingRegistry(403, 'DENIED'))
      await expectAsked(registry, 'registry-denied', /does not let anonymous users push/)
    })

    it('that cannot be reached', async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      const {port} = server.address() as AddressInfo
      server.close()
      await once(server, 'close')
      await expectAsked(`127.0.0.1:${port}`, 'registry-unreachable', /cannot be reached/)
    })

    it('that breaks off', async () => {
      const way = closing(await proxy({registry: openRegistry, cut: {bytes: 10, direction: 'down'}}))
      await expectAsked(way.registry, 'registry-broke-off', /interrupted the push/)
      expect(way.cuts()).to.be.above(0)
    })

    it('that refuses an image of its size, and then accepts it', async () => {
      const refusal = {status: 413, code: 'UNKNOWN', message: 'the image is too large'}
      const way = closing(await manifestRefusingRegistry(openRegistry, refusal))
      await expectKept(way.registry, {code: 'registry-too-large', says: /larger than/}, async (reference) => {
        const line = ['docker', 'package', 'push', reference, '--json']
        const refused = await keg(line)
        way.allow()
        expect((await keg([...line, '--dry-run'])).json()).to.include({pushed: false, pinned: null})
        const run = await runAdvice(refused, 'keg docker package push', {add: ['--json']})
        const {digest, pinned} = run.json() as {digest: string; pinned: string}
        expect(pinned).to.equal(`${reference}@${digest}`)
      })
    })

    it('that refuses an image of its size when keg itself pushes it, and then accepts it', async () => {
      const refusal = {status: 413, code: 'UNKNOWN', message: 'the image is too large'}
      const way = closing(await manifestRefusingRegistry(openRegistry, refusal))
      const reference = whole(`${way.registry}/keg/${uniqueName('again')}`)
      const hints = /Exclude large mounts .* Then package it again: layers that have arrived are not sent again\.$/m
      const expected = {exit: 1, code: 'registry-too-large', says: /larger than/, hints}
      await expectFailure([container, '-t', reference], expected)
      expect(await stateOf(container)).to.equal('running false')
      expect(await madeBy(engine)).to.deep.equal([])
      // It is not in the engine, so it cannot be pushed from there.
      const missing = await keg(['docker', 'package', 'push', reference, '--json'])
      expect(missing.json().error).to.include({code: 'image-missing'})
      expect(missing.json().error)
        .to.have.property('hint')
        .that.matches(/package it again instead\.$/)
      way.allow()
      const again = await keg(['docker', 'package', container, '-t', reference, '--json'])
      expect(again.json(), again.stderr).to.include({pushed: true, via: 'registry', image: null})
    })
  })

  describe("because of the image's name in a registry", () => {
    it('that cannot be overwritten, and says how to get another one @containerd', async () => {
      const message = 'the tag cannot be overwritten because the repository is immutable'
      const refusal = {status: 400, code: 'TAG_INVALID', message, tag: 'dev'}
      const way = closing(await manifestRefusingRegistry(openRegistry, refusal))
      const reference = whole(`${way.registry}/keg/${uniqueName('once')}`)
      const refused = await keg(['docker', 'package', container, '-t', reference, '--via', 'engine', '--json'])
      expect(refused.json())
        .to.have.nested.property('error.code')
        .that.matches(/^(?:tag-immutable|manifest-refused)$/)
      const other = sandbox.addImage(reference.replace(/dev$/, 'two'))
      await runAdvice(refused, 'docker tag', {fill: {OTHER: 'two'}})
      const pushed = await runAdvice(refused, 'keg docker package push', {fill: {OTHER: 'two'}, add: ['--json']})
      expect(pushed.json().pinned).to.match(new RegExp(`^${other}@sha256:`))
    })

    it('that names no registry, and says how to get one that does @classic', async () => {
      const local = whole(uniqueName('local'))
      expect((await keg(['docker', 'package', container, '-t', local])).code).to.equal(0)
      const refused = await keg(['docker', 'package', 'push', local, '--json'])
      expect(refused.json()).to.have.nested.property('error.code', 'registry-missing')
      await runAdvice(refused, 'docker tag', {fill: {'HOST[:PORT]/NAMESPACE': `${openRegistry}/keg`}})
      const shared = sandbox.addImage(`${openRegistry}/keg/${local}`)
      expect((await keg(['docker', 'package', 'push', shared, '--json'])).json().pinned).to.match(/@sha256:/)
    })
  })

  describe('because of its command line @classic', () => {
    const lines: Readonly<Record<string, {words: string[]; says: RegExp}>> = {
      'an unknown flag': {words: ['--nope'], says: /Unknown flag: --nope/},
      'a flag without its value': {words: ['-t'], says: /Flag --tag expects a value/},
      'a value that is not among those there are': {words: ['--mounts', 'some'], says: /all, volumes, none/},
      'a word too many': {words: ['one', 'two'], says: /Unexpected argument: two/},
    }
    for (const [what, {says, words}] of Object.entries(lines)) {
      it(`names ${what}, with exit code 2 @classic`, async () => {
        const told = {exit: 2, code: 'usage-invalid', says, hints: /keg docker package --help/}
        // A flag without its value would take --json as its value.
        if (words[0] !== '-t') await expectFailure(words, told)
        const {code, stderr, stdout} = await keg(['docker', 'package', ...words])
        expect([code, stdout]).to.deep.equal([2, ''])
        expect(stderr).to.match(says)
      })
    }

    it('suggests commands for a mistyped one @classic', async () => {
      const {code, stderr, stdout} = await keg(['docker', 'pakage'])
      expect(code).to.equal(2)
      expect(stdout).to.equal('')
      expect(stderr).to.contain('docker pakage is not a keg command').and.to.contain('keg help docker')
    })
  })

  it('shows no control characters, whoever wrote them @classic', async () => {
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
