import {execFile} from 'node:child_process'
import {createHash} from 'node:crypto'
import {chmod, mkdir, readdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {promisify} from 'node:util'

import {expect} from 'chai'

import {baseImage, docker, DockerError, Sandbox, uniqueName} from '../support/docker.js'
import {startMutagen, syncImage, type MutagenDaemon} from '../support/mutagen.js'
import type {Machine} from './support/installed-keg.js'
import {InstalledKeg} from './support/installed-keg.js'
import {filesOf, importsFrom, type Files} from './support/tarball.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'

/** What a package has besides its code. */
const documents = /^(package\.json|oclif\.manifest\.json|README\.md|LICENSE|CHANGELOG\.md)$/

/** Paths of what runs: not the modules of which only types are needed, which the compiler writes all the same. */
function codeOf(files: Files): string[] {
  const isOnlyTypes = (content: string) => content.replace(/\/\*.*?\*\//gs, '').trim() === 'export {};'
  return [...files].flatMap(([path, content]) => (documents.test(path) || isOnlyTypes(content) ? [] : [path]))
}

interface PackageJson {
  dependencies: Record<string, string>
}

interface RootPackageJson extends PackageJson {
  oclif: {plugins: string[]}
}

describe('keg, installed from its packages', function () {
  this.timeout(240_000)

  let installed: InstalledKeg
  let developer: Machine
  let reviewer: Machine
  before(async () => {
    installed = await InstalledKeg.create()
    developer = await installed.machine('developer')
    await developer.kegSucceeds(['plugins', 'install', '@keg/docker'])
    reviewer = await installed.machine('reviewer')
    await reviewer.kegSucceeds(['plugins', 'install', 'docker'])
  })
  after(async () => installed.remove())

  describe('the packages', () => {
    it('@keg/cli has the program and its own commands, and nothing else; each package it imports is named', async () => {
      const files = await filesOf(installed.registry.published('@keg/cli'))
      const commands = [...files.keys()].filter((path) => /^dist\/commands\/[\w/-]+\.js$/.test(path))
      const config = ['get', 'import', 'list', 'path', 'set', 'unset'].map((name) => `config/${name}`)
      expect(commands).to.have.members([...config, 'doctor'].map((name) => `dist/commands/${name}.js`))
      const imports = importsFrom(files, ['bin/run.js', ...commands])
      // Its constants are not needed here.
      expect(codeOf(files)).to.have.members([...imports.files, 'dist/lib/engine/types.js'])
      const {dependencies, oclif} = JSON.parse(files.get('package.json') ?? '') as RootPackageJson
      expect(Object.keys(dependencies)).to.have.members([...imports.packages, ...oclif.plugins])
      expect([...files.keys()]).to.include('oclif.manifest.json')
    })

    for (const [plugin, some] of [
      ['docker', ['dist/commands/docker/package/index.js', 'dist/hooks/prerun.js']],
      ['sync', ['dist/commands/sync/create.js']],
      ['tap', ['dist/commands/tap/package/run.js', 'dist/commands/tap/start.js', 'dist/hooks/prerun.js']],
    ] as const)
      it(`@keg/${plugin} stands alone: each file of it is reached by its commands and hooks, and each package it imports is named`, async () => {
        const files = await filesOf(installed.registry.published(`@keg/${plugin}`))
        const own = new RegExp(`^dist/(commands/${plugin}|hooks)/[\\w/-]+\\.js$`)
        const entryPoints = [...files.keys()].filter((path) => own.test(path))
        expect(entryPoints).to.include.members(some)
        const imports = importsFrom(files, entryPoints)
        expect(codeOf(files)).to.have.members([...imports.files])
        const {dependencies} = JSON.parse(files.get('package.json') ?? '') as PackageJson
        expect(Object.keys(dependencies)).to.have.members([...imports.packages])
        expect([...files.keys()]).to.include.members(['README.md', 'oclif.manifest.json'])
      })
  })

  describe('the plugin @keg/docker', () => {
    it('is not there before it is installed', async () => {
      const machine = await installed.machine('without-plugins')
      expect((await machine.keg(['docker', 'package'])).code).to.equal(2)
    })

    it('is installed by its name', async () => {
      expect(await developer.kegSucceeds(['plugins'])).to.match(/^@keg\/docker \d/m)
    })

    it('is installed by its short name, too', async () => {
      expect(await reviewer.kegSucceeds(['plugins'])).to.match(/^@keg\/docker \d/m)
    })

    it('asks the registry for nothing that its packages do not name', () => {
      // What is about to be published for the first time is looked up before.
      expect([...installed.registry.missing].filter((name) => !name.startsWith('@keg/'))).to.deep.equal([])
    })
  })

  describe('on its own', () => {
    it('tells its version', async () => {
      expect(await developer.kegSucceeds(['--version'])).to.match(/^@keg\/cli\/\d+\.\d+\.\d+ /)
    })

    it('helps, by long names and short ones', async () => {
      expect(await developer.kegSucceeds(['--help'])).to.match(/^ +docker +\w/m)
      expect(await developer.kegSucceeds(['docker', 'package', '--help'])).to.include('keg docker package [TARGET]')
      expect(await developer.kegSucceeds(['dpg', '--help'])).to.include('keg dpg [TARGET]')
      expect(await developer.kegSucceeds(['dpg', 'run', '--help'])).to.include('keg dpg run [REFERENCE')
    })

    it('refuses what is no command of it, and says where the commands are listed', async () => {
      for (const [words, help] of [
        [['doker', 'package'], 'keg help'],
        [['docker', 'pakage'], 'keg help docker'],
      ] as const) {
        const {code, stderr, stdout} = await developer.keg(words)
        expect(code).to.equal(2)
        expect(stderr)
          .to.include(`${words.join(' ')} is not a keg command`)
          .and.include(help)
        expect(stdout).to.equal('')
      }
    })

    it('refuses a flag it does not know with exit code 2 and no stack trace', async () => {
      const {code, stderr} = await developer.keg(['docker', 'package', '--registri', 'example.com'])
      expect(code).to.equal(2)
      expect(stderr)
        .to.include('--registri')
        .and.not.match(/^ +at /m)
    })

    it('loads no heavy library to tell its version or to help', async () => {
      const heavy = /node_modules\/(dockerode|execa|@?inquirer|simple-git|yaml)\//
      for (const words of [['--version'], ['--help'], ['doctor', '--help'], ['docker', 'package', '--help']]) {
        const {code, modules} = await developer.modulesOf(words)
        expect(code).to.equal(0)
        expect(modules.some((path) => path.includes('node_modules/@oclif/core/'))).to.be.true
        expect(modules.filter((path) => heavy.test(path))).to.deep.equal([])
      }
      const {modules} = await developer.modulesOf(['docker', 'package', uniqueName('nothing'), '--dry-run'])
      expect(modules.some((path) => path.includes('node_modules/dockerode/'))).to.be.true
      // What the client of the engine brings along for others, and all of oclif.
      const unused = /node_modules\/(@grpc|protobufjs|ssh2|semver)\//
      expect(modules.filter((path) => unused.test(path))).to.deep.equal([])
    })

    it('does without a home, and leaves one that it may not write to as it is', async () => {
      const home = join(developer.home, 'read-only')
      await mkdir(home, {mode: 0o555})
      const plugins = {KEG_DATA_DIR: join(developer.home, '.local/share/keg')}
      const xdg = ['XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME']
      for (const HOME of [home, undefined]) {
        const env = {...Object.fromEntries(xdg.map((name) => [name, undefined])), ...plugins, HOME}
        expect(await developer.keg(['--version'], {env})).to.include({code: 0, stderr: ''})
        expect(await developer.keg(['--help'], {env})).to.include({code: 0, stderr: ''})
        const {code, stderr} = await developer.keg(['docker', 'package', 'nothing-like-it', '--dry-run'], {env})
        expect(code).to.equal(2)
        expect(stderr).to.include('nothing-like-it')
      }
      await chmod(home, 0o755)
      expect(await readdir(home)).to.deep.equal([])
    })

    it('bears that nobody reads what it prints', async () => {
      for (const words of [['--help'], ['docker', 'package', '--help'], ['docker', 'package', 'nothing', '--json']]) {
        const {stderr} = await developer.keg(words, {stdoutClosed: true})
        expect(stderr, words.join(' ')).to.equal('')
      }
    })

    it('prints colours where they are wanted, and none with NO_COLOR', async () => {
      const help = ['docker', 'package', '--help']
      expect(await developer.kegSucceeds(help, {env: {FORCE_COLOR: '1'}})).to.include('\u001B[')
      expect(await developer.kegSucceeds(help, {env: {FORCE_COLOR: '1', NO_COLOR: '1'}})).to.not.include('\u001B[')
    })

    it('asks nobody in CI: what is missing is exit code 2, in JSON too', async () => {
      const env = {CI: 'true'}
      const {code, stderr, stdout} = await developer.keg(['docker', 'package', 'run'], {env})
      expect({code, stdout}).to.deep.equal({code: 2, stdout: ''})
      expect(stderr).to.match(/REFERENCE/)
      const inJson = await developer.keg(['docker', 'package', 'run', '--json'], {env})
      expect(inJson).to.include({code: 2, stderr: ''})
      expect(JSON.parse(inJson.stdout)).to.have.nested.property('error.exitCode', 2)
    })

    it('without an engine says so with exit code 4', async () => {
      const env = {DOCKER_HOST: `unix://${join(developer.home, 'no-engine.sock')}`}
      const {code, stderr} = await developer.keg(['docker', 'package', 'shop'], {env})
      expect(code).to.equal(4)
      expect(stderr)
        .to.match(/engine/i)
        .and.include('DOCKER_HOST')
    })
  })

  describe('the plugin @keg/sync', () => {
    const sandbox = new Sandbox()
    let mutagen: MutagenDaemon
    before(async () => {
      mutagen = await startMutagen()
    })
    after(async () => {
      await mutagen.stop()
      await sandbox.clean()
    })

    it('is installed by its name, and syncs a folder without any other plugin', async () => {
      const machine = await installed.machine('syncer')
      await machine.kegSucceeds(['plugins', 'install', '@keg/sync'])
      expect(await machine.kegSucceeds(['sync', '--help'])).to.match(/^ +sync create +\w/m)

      const container = await sandbox.run([await syncImage(sandbox)])
      const sync = async (...parameters: string[]) =>
        machine.kegSucceeds(['sync', ...parameters], {env: mutagen.environment})
      const folder = join(machine.home, 'shop')
      await mkdir(folder)
      await writeFile(join(folder, 'index.html'), 'A shop.\n')
      await sync('create', container, '--local', folder, '--remote', '/app')
      expect(await docker(['exec', container, 'cat', '/app/index.html'])).to.equal('A shop.')
      expect(await sync('list')).to.include(folder)
      await sync('terminate', container, '--yes')
      expect(await mutagen.sessions()).to.deep.equal([])
    })
  })

  describe('the plugin @keg/tap', () => {
    const sandbox = new Sandbox()
    const tap = uniqueName('tap')
    let machine: Machine
    let mutagen: MutagenDaemon
    before(async () => {
      mutagen = await startMutagen()
      machine = await installed.machine('tapper')
      sandbox.addImage(`${tap}:develop`)
      sandbox.addContainer(tap)
      sandbox.addNetwork(`${tap}_default`)
    })
    after(async () => {
      await mutagen.stop()
      await sandbox.clean()
    })

    const tapKeg = async (...words: string[]) => machine.kegSucceeds(words, {env: mutagen.environment})

    it('is not there before it is installed, and then has its commands', async () => {
      const {code, stderr} = await machine.keg(['tap', 'link'])
      expect(code).to.equal(2)
      expect(stderr).to.include('tap link is not a keg command')
      await machine.kegSucceeds(['plugins', 'install', '@keg/tap'])
      expect(await machine.kegSucceeds(['tap', '--help'])).to.match(/^ +tap start +\w/m)
    })

    it('makes a tap a command, which helps and runs without any other plugin', async () => {
      await tapKeg('tap', 'new', tap, '--base', baseImage)
      expect(await tapKeg('--help')).to.match(new RegExp(`^ +${tap} +\\w`, 'm'))
      expect(await tapKeg(tap, '--help')).to.match(new RegExp(`^ +${tap} start +\\w`, 'm'))
      const help = await tapKeg(tap, 'start', '--help')
      expect(help).to.include(`keg ${tap} start`).and.to.include('--from').and.not.to.include('[TAP]')

      const url = (await tapKeg(tap, 'start', '--detach')).trim()
      expect(await (await fetch(url)).text()).to.include(`${tap} runs`)
      expect(await mutagen.sessions()).to.have.length(1)
      const state = async () => docker(['inspect', '--format', '{{.State.Status}}', tap])
      await tapKeg(tap, 'stop')
      expect(await state()).to.equal('exited')
      await tapKeg(tap, 'destroy', '--yes')
      expect(await state().catch((error: unknown) => error)).to.be.instanceOf(DockerError)
      expect(await mutagen.sessions()).to.deep.equal([])
    })

    it('costs a keg that needs no tap next to nothing, with ten of them linked', async () => {
      const other = await installed.machine('without-taps')
      await other.kegSucceeds(['plugins', 'install', '@keg/tap'])
      const configuration = join(machine.home, '.config/keg/config.yml')
      const more = Array.from({length: 9}, (_, index) => `  ${tap}-${index}:\n    path: ${join(machine.home, tap)}\n`)
      await writeFile(configuration, `${await readFile(configuration, 'utf8')}${more.join('')}`)
      await tapKeg('tap', 'list')
      expect(await tapKeg('--help')).to.include(`${tap}-8`)

      const quickest = new Map([machine, other].map((each) => [each, Number.POSITIVE_INFINITY]))
      for (let round = 0; round < 4; round++)
        for (const each of [machine, other]) {
          const startedAt = performance.now()
          await each.kegSucceeds(['--version'])
          quickest.set(each, Math.min(quickest.get(each) ?? 0, performance.now() - startedAt))
        }
      expect((quickest.get(machine) ?? 0) / (quickest.get(other) ?? 1), 'times as long').to.be.below(1.3)
    })

    it('leaves a program that works, and says what is missing, when it is uninstalled', async () => {
      await machine.kegSucceeds(['plugins', 'uninstall', '@keg/tap'])
      for (const words of [['--version'], ['--help'], ['doctor', '--help']])
        expect(await machine.keg(words), words.join(' ')).to.include({code: 0, stderr: ''})
      const {code, stderr} = await machine.keg([tap, 'start'])
      expect(code, stderr).to.equal(4)
      expect(stderr)
        .to.match(/keg\s+plugins\s+install\s+@keg\/tap/)
        .and.not.match(/^ +at /m)
    })
  })

  describe('keg doctor', () => {
    interface Report {
      ok: boolean
      checks: {id: string; status: string; detail: string; remedy: string | null}[]
    }

    it('examines the machine of whoever installed it, plugins or none', async () => {
      for (const machine of [developer, await installed.machine('without-any-plugin')]) {
        const {code, stderr, stdout} = await machine.keg(['doctor', '--json'])
        expect(stderr).to.equal('')
        const {checks, ok} = JSON.parse(stdout) as Report
        const check = (id: string) => checks.find((each) => each.id === id)
        expect(check('engine')?.status).to.equal('ok')
        expect(check('git')?.status).to.equal('ok')
        expect(check('keg')?.detail.includes('@keg/docker')).to.equal(machine === developer)
        // What other tests left in the engine meanwhile is found, too.
        const wrong = checks.filter(({status}) => status === 'problem' || status === 'missing').map(({id}) => id)
        expect(wrong.filter((id) => id !== 'leftovers')).to.deep.equal([])
        expect(ok).to.equal(wrong.length === 0)
        expect(code).to.equal(ok ? 0 : 1)
      }
    })

    it('is in the help, and says on one line what mends what is missing', async () => {
      expect(await developer.kegSucceeds(['--help'])).to.match(/^ +doctor +\w/m)
      const env = {DOCKER_HOST: `unix://${join(developer.home, 'no-engine.sock')}`}
      const {code, stdout} = await developer.keg(['doctor'], {env})
      expect(code).to.equal(4)
      expect(stdout).to.match(/^missing +engine .*no-engine\.sock.*\n +-> .*DOCKER_HOST/m)
    })
  })

  describe('the main job', () => {
    const sandbox = new Sandbox()
    after(async () => sandbox.clean())

    it('packages a container of a branch on one machine, and runs it from its line on another', async () => {
      const shop = uniqueName('shop')
      const folder = join(developer.home, shop)
      await mkdir(folder)
      const git = async (...parameters: string[]) =>
        promisify(execFile)('git', parameters, {cwd: folder, env: developer.environment})
      await writeFile(join(folder, 'README.md'), 'A shop.\n')
      await git('init', '--quiet')
      await git('add', '.')
      await git('commit', '--quiet', '--message', 'A shop')
      await git('switch', '--quiet', '--create', 'feature/x')
      // The registry of the user configuration comes to the command through the plugin's hook alone.
      await mkdir(join(developer.home, '.config/keg'), {recursive: true})
      await writeFile(join(developer.home, '.config/keg/config.yml'), `registry: ${openRegistry}/e2e\n`)

      const image = await sandbox.imageFromFiles(
        uniqueName('shop-image'),
        [
          {path: 'www/index.html', content: 'as it was built'},
          {path: 'www/old.html', content: 'to be deleted'},
          {path: 'www/notes/example.txt', content: 'hidden by the volume'},
        ],
        {from: baseImage, instructions: ['EXPOSE 8080', 'CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]']},
      )
      const volume = await sandbox.volume('shop-notes')
      const labels = ['--label', `com.keg.folder=${folder}`, '--label', 'com.keg.branch=feature/x']
      const container = await sandbox.run(['--volume', `${volume}:/www/notes`, ...labels, image])
      const changes =
        'echo changed > /www/index.html; rm /www/old.html; echo kept > /www/notes/kept.txt; rm -f /www/notes/example.txt'
      await docker(['exec', container, 'sh', '-c', changes])

      const printed = await developer.kegSucceeds(['docker', 'package'], {cwd: folder})
      const hash = createHash('sha256').update('feature/x').digest('hex').slice(0, 10)
      const name = `${openRegistry}/e2e/${shop}:feature-x-k${hash}`
      const line = /^ *(keg docker package run .*)$/m.exec(printed)?.[1] ?? ''
      expect(line).to.match(/@sha256:[0-9a-f]{64}$/)
      const reference = sandbox.addImage(line.split(' ').at(-1) ?? '')
      expect(reference.split('@')[0]).to.equal(name)

      await sandbox.removeImage(reference)
      await docker(['rm', '--force', container])
      await docker(['volume', 'rm', volume])
      const inspected = await docker(['image', 'inspect', name]).catch((error: unknown) => error)
      expect(inspected).to.be.instanceOf(DockerError)

      sandbox.addImage(reference)
      const started = sandbox.addContainer(`keg-${shop}-feature-x-k${hash}`)
      const url = (await reviewer.paste(`${line} -d`)).trim()
      expect(url).to.match(/^http:\/\/127\.0\.0\.1:\d+/)
      expect(await docker(['container', 'inspect', '--format', '{{.State.Running}}', started])).to.equal('true')
      const page = async (path: string) => fetch(new URL(path, url))
      expect(await (await page('/index.html')).text()).to.equal('changed\n')
      expect((await page('/old.html')).status).to.equal(404)
      expect(await (await page('/notes/kept.txt')).text()).to.equal('kept\n')
      expect((await page('/notes/example.txt')).status).to.equal(404)
    })
  })
})
