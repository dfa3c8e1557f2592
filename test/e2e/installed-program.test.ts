import {execFile} from 'node:child_process'
import {createHash} from 'node:crypto'
import {chmod, mkdir, readdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {promisify} from 'node:util'

import {expect} from 'chai'

import {baseImage, docker, DockerError, Sandbox, uniqueName} from '../support/docker.js'
import {startMutagen, syncImage, type MutagenDaemon} from '../support/mutagen.js'
import {adviceIn} from '../support/run-advice.js'
import type {Machine} from './support/installed-keg.js'
import {InstalledKeg} from './support/installed-keg.js'
import {filesOf, importsFrom, type Files} from './support/tarball.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'

/** What a package contains besides its code. */
const documents =
  /^(package\.json|oclif\.manifest\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/THIRD-PARTY-LICENSES|docs\/.+)$/

function codeOf(files: Files): string[] {
  return [...files.keys()].filter((path) => !documents.test(path))
}

interface PackageJson {
  dependencies?: Record<string, string>
}

interface RootPackageJson {
  dependencies: Record<string, string>
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
    it("'@keg/cli contains only the program and its own commands, and declares each package it imports'", async () => {
      const files = await filesOf(installed.registry.published('@keg/cli'))
      const commands = [...files.keys()].filter((path) => /^dist\/commands\/[\w/-]+\.js$/.test(path))
      const config = ['get', 'import', 'list', 'path', 'set', 'unset'].map((name) => `config/${name}`)
      expect(commands).to.have.members([...config, 'doctor'].map((name) => `dist/commands/${name}.js`))
      const hooks = ['command-not-found', 'standard-input'].map((name) => `dist/hooks/${name}.js`)
      // The program imports two of these by path: oclif, and the report of an unexpected error.
      const entryPoints = ['bin/run.js', 'dist/oclif.js', 'dist/unexpected.js', 'dist/help.js', ...hooks, ...commands]
      const imports = importsFrom(files, entryPoints)
      expect(codeOf(files)).to.have.members([...imports.files])
      const {dependencies, oclif} = JSON.parse(files.get('package.json') ?? '') as RootPackageJson
      expect(Object.keys(dependencies)).to.have.members([...imports.packages, ...oclif.plugins])
      expect([...files.keys()]).to.include.members(['oclif.manifest.json', 'dist/THIRD-PARTY-LICENSES'])
      // These are for the developers of keg.
      expect([...files.keys()].filter((path) => path.startsWith('docs/decisions/'))).to.deep.equal([])
    })

    for (const [plugin, some] of [
      ['docker', ['dist/commands/docker/package/index.js', 'dist/hooks/prerun.js']],
      ['sync', ['dist/commands/sync/create.js']],
      ['tap', ['dist/commands/tap/package/run.js', 'dist/commands/tap/start.js', 'dist/hooks/prerun.js']],
    ] as const)
      it(`@keg/${plugin} contains only what its commands and hooks use, and declares each package it imports`, async () => {
        const files = await filesOf(installed.registry.published(`@keg/${plugin}`))
        const own = new RegExp(`^dist/(commands/${plugin}|hooks)/[\\w/-]+\\.js$`)
        const entryPoints = [...files.keys()].filter((path) => own.test(path))
        expect(entryPoints).to.include.members(some)
        const imports = importsFrom(files, entryPoints)
        expect(codeOf(files)).to.have.members([...imports.files])
        const {dependencies = {}} = JSON.parse(files.get('package.json') ?? '') as PackageJson
        expect(Object.keys(dependencies)).to.have.members([...imports.packages])
        expect([...files.keys()]).to.include.members(['README.md', 'oclif.manifest.json', 'dist/THIRD-PARTY-LICENSES'])
      })
  })

  describe('the plugin @keg/docker', () => {
    it('is missing before it is installed', async () => {
      const machine = await installed.machine('without-plugins')
      const {code, stderr} = await machine.keg(['docker', 'package'])
      expect(code).to.equal(2)
      expect(stderr).to.include('keg plugins install @keg/docker')
    })

    it('is installed by its name', async () => {
      expect(await developer.kegSucceeds(['plugins'])).to.match(/^@keg\/docker \d/m)
    })

    it('is also installed by its short name', async () => {
      expect(await reviewer.kegSucceeds(['plugins'])).to.match(/^@keg\/docker \d/m)
    })

    it('requests only packages from the registry that its packages declare', () => {
      // npm publish looks up a package before it is published for the first time.
      expect([...installed.registry.missing].filter((name) => !name.startsWith('@keg/'))).to.deep.equal([])
    })
  })

  describe('on its own', () => {
    it('prints its version', async () => {
      expect(await developer.kegSucceeds(['--version'])).to.match(/^@keg\/cli\/\d+\.\d+\.\d+ /)
    })

    it('prints help, by long and short command names', async () => {
      const help = await developer.kegSucceeds(['--help'])
      expect(help)
        .to.match(/^ +docker +\w/m)
        .and.match(/^ +\$ keg docker package run \S+$/m)
      const [, pages = ''] = /^ +The documentation is in this folder:\n +(.+)$/m.exec(help) ?? []
      expect(await readdir(pages)).to.include('packages.md')
      expect(await developer.kegSucceeds(['docker', 'package', '--help'])).to.include('keg docker package [TARGET]')
      expect(await developer.kegSucceeds(['dpg', '--help'])).to.include('keg dpg [TARGET]')
      expect(await developer.kegSucceeds(['dpg', 'run', '--help'])).to.include('keg dpg run [REFERENCE')
    })

    it('refuses an unknown command, and says how to list the commands', async () => {
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

    it('refuses an unknown flag with exit code 2 and no stack trace', async () => {
      const {code, stderr} = await developer.keg(['docker', 'package', '--registri', 'example.com'])
      expect(code).to.equal(2)
      expect(stderr)
        .to.include('--registri')
        .and.not.match(/^ +at /m)
    })

    it('loads no heavy library to print its version or help', async () => {
      const heavy = ['dockerode', 'execa', 'inquirer', 'simple-git', 'yaml']
      for (const words of [['--version'], ['--help'], ['doctor', '--help'], ['docker', 'package', '--help']]) {
        const {code, packages} = await developer.packagesOf(words)
        expect(code).to.equal(0)
        expect(packages).to.include('@oclif/core').and.not.include('@oclif/plugin-plugins')
        expect(heavy.filter((name) => packages.includes(name))).to.deep.equal([])
      }
      const {packages} = await developer.packagesOf(['docker', 'package', uniqueName('nothing'), '--dry-run'])
      expect(packages).to.include('dockerode')
      // Dependencies of the engine's client that keg does not use, and all of oclif.
      const unused = ['@grpc/grpc-js', 'protobufjs', 'ssh2', 'semver']
      expect(unused.filter((name) => packages.includes(name))).to.deep.equal([])
    })

    it('works without a home, and writes nothing to a read-only one', async () => {
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

    it('ignores a closed standard output', async () => {
      for (const words of [['--help'], ['docker', 'package', '--help'], ['docker', 'package', 'nothing', '--json']]) {
        const {stderr} = await developer.keg(words, {stdoutClosed: true})
        expect(stderr, words.join(' ')).to.equal('')
      }
    })

    it('prints colours on request, and none with NO_COLOR', async () => {
      const help = ['docker', 'package', '--help']
      expect(await developer.kegSucceeds(help, {env: {FORCE_COLOR: '1'}})).to.include('\u001B[')
      expect(await developer.kegSucceeds(help, {env: {FORCE_COLOR: '1', NO_COLOR: '1'}})).to.not.include('\u001B[')
    })

    it('does not prompt in CI: a missing argument is exit code 2, in JSON too', async () => {
      const env = {CI: 'true'}
      const {code, stderr, stdout} = await developer.keg(['docker', 'package', 'run'], {env})
      expect({code, stdout}).to.deep.equal({code: 2, stdout: ''})
      expect(stderr).to.match(/REFERENCE/)
      const inJson = await developer.keg(['docker', 'package', 'run', '--json'], {env})
      expect(inJson).to.include({code: 2, stderr: ''})
      expect(JSON.parse(inJson.stdout)).to.have.nested.property('error.exitCode', 2)
    })

    it('exits with 4 without an engine', async () => {
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

    it('is missing before it is installed, and then has its commands', async () => {
      const {code, stderr} = await machine.keg(['tap', 'link'])
      expect(code).to.equal(2)
      expect(stderr).to.include('tap link is not a keg command')
      await machine.kegSucceeds(['plugins', 'install', '@keg/tap'])
      expect(await machine.kegSucceeds(['tap', '--help'])).to.match(/^ +tap start +\w/m)
    })

    it('makes a tap a command, which prints help and runs without any other plugin', async () => {
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

    it('loads nothing for ten linked taps in a command that needs none', async () => {
      const other = await installed.machine('without-taps')
      await other.kegSucceeds(['plugins', 'install', '@keg/tap'])
      const configuration = join(machine.home, '.config/keg/config.yml')
      const more = Array.from({length: 9}, (_, index) => `  ${tap}-${index}:\n    path: ${join(machine.home, tap)}\n`)
      await writeFile(configuration, `${await readFile(configuration, 'utf8')}${more.join('')}`)
      await tapKeg('tap', 'list')
      expect(await tapKeg('--help')).to.include(`${tap}-8`)

      const loads = async (each: Machine): Promise<readonly string[]> => (await each.packagesOf(['--version'])).packages
      expect(await loads(machine)).to.deep.equal(await loads(other))
    })

    it('can be uninstalled: keg still works, and says what is missing', async () => {
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

    it('checks the machine of its user, with or without plugins', async () => {
      for (const machine of [developer, await installed.machine('without-any-plugin')]) {
        const {code, stderr, stdout} = await machine.keg(['doctor', '--json'])
        expect(stderr).to.equal('')
        const {checks, ok} = JSON.parse(stdout) as Report
        const check = (id: string) => checks.find((each) => each.id === id)
        expect(check('engine')?.status).to.equal('ok')
        expect(check('git')?.status).to.equal('ok')
        expect(check('keg')?.detail.includes('@keg/docker')).to.equal(machine === developer)
        // Leftovers of tests that run meanwhile are reported, too.
        const wrong = checks.filter(({status}) => status === 'problem' || status === 'missing').map(({id}) => id)
        expect(wrong.filter((id) => id !== 'leftovers')).to.deep.equal([])
        expect(ok).to.equal(wrong.length === 0)
        expect(code).to.equal(ok ? 0 : 1)
      }
    })

    it('says how to update plugins of another version, and that line does', async () => {
      const machine = await installed.machine('updater')
      const {latestAgain} = await installed.registry.offerAs('@keg/sync', '0.0.1')
      await machine.kegSucceeds(['plugins', 'install', '@keg/sync'])
      latestAgain()
      const check = async () => {
        const {stdout} = await machine.keg(['doctor', '--json'])
        return (JSON.parse(stdout) as Report).checks.find(({id}) => id === 'keg')
      }
      const found = await check()
      expect(found).to.include({status: 'notice'})
      expect(found?.detail).to.include('@keg/sync 0.0.1')
      await machine.paste(adviceIn([found?.remedy ?? ''], 'npm install'))
      expect(await check()).to.include({status: 'ok'})
    })

    it('is in the help, and says on one line how to fix what is missing', async () => {
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

    it('packages a container of a branch on one machine, and runs it by the printed line on another', async () => {
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
      // Only the plugin's hook passes the registry of the user configuration to the command.
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
      const started = sandbox.addContainer(`keg-${shop}-feature_x`)
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
