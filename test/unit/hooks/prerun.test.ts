import {expect} from 'chai'
import {execFile} from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import ts from 'typescript'
import {GitSandbox} from '../../support/git.js'

const repository = fileURLToPath(new URL('../../..', import.meta.url))
const recorder = join(repository, 'test/e2e/support/record-modules.js')

interface Outcome {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * An oclif program with two plugins: its root, without a hook, and one with keg's hook in a folder below, linked like an npm
 * workspace.
 */
describe('prerun hook', () => {
  let sandbox: GitSandbox
  let folder: string
  let program: string

  before(() => {
    program = realpathSync(mkdtempSync(join(tmpdir(), 'keg-hook-')))
    const plugin = join(program, 'plugins/own')
    mkdirSync(join(program, 'node_modules'), {recursive: true})
    for (const name of [
      '@oclif',
      'dotenv',
      'fast-string-truncated-width',
      'fast-string-width',
      'fastest-levenshtein',
      'simple-git',
      'yaml',
    ]) {
      symlinkSync(join(repository, 'node_modules', name), join(program, 'node_modules', name))
    }
    writePlugin(program, {name: 'program', plugins: ['own'], dependencies: {own: '1.0.0'}})
    writePlugin(plugin, {name: 'own', hooks: {prerun: './dist/hooks/prerun.js'}})
    symlinkSync(plugin, join(program, 'node_modules/own'))
    write(join(program, 'run.js'), `import {execute} from '@oclif/core'\nawait execute({dir: import.meta.url})\n`)
    write(join(program, 'dist/commands/foreign.js'), command(`tag: Flags.string({env: 'KEG_TAG'})`))
    write(
      join(plugin, 'dist/commands/own.js'),
      command(
        `tag: Flags.string({env: 'KEG_TAG'}), registry: Flags.string({env: 'KEG_REGISTRY'}),
         proxy: Flags.boolean({env: 'KEG_USE_PROXY', allowNo: true}), name: Flags.string({char: 'n'})`,
      ),
    )
    write(join(plugin, 'dist/commands/plain.js'), command(`name: Flags.string({env: 'OTHER_NAME'})`))
    compile('hooks/prerun.ts', plugin)
  })
  after(() => {
    rmSync(program, {recursive: true, force: true})
  })
  beforeEach(() => {
    sandbox = new GitSandbox()
    folder = sandbox.repository('app', 'feature-a')
    mkdirSync(join(sandbox.folder, '.config/keg'), {recursive: true})
    sandbox.write('.config/keg/config.yml', 'registry: localhost:5000/team\n')
  })
  afterEach(() => sandbox.remove())

  const run = (parameters: string[], environment = sandbox.environment, cwd = folder): Promise<Outcome> =>
    new Promise((resolve) => {
      const script = join(program, 'run.js')
      execFile(process.execPath, [script, ...parameters], {cwd, env: environment}, (error, stdout, stderr) => {
        resolve({exitCode: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr})
      })
    })
  /** The modules of keg that a command loads, besides the hook. */
  const loaded = async (...asked: Parameters<typeof run>): Promise<string[]> => {
    const [parameters, environment = sandbox.environment, cwd = folder] = asked
    const record = join(sandbox.folder, 'modules')
    rmSync(record, {force: true})
    const recording = {NODE_OPTIONS: `--import=${recorder}`, RECORD_MODULES: record}
    expect(await run(parameters, {...environment, ...recording}, cwd)).to.include({exitCode: 0, stderr: ''})
    const root = join(program, 'plugins/own/dist/lib/')
    const paths = [...new Set(readFileSync(record, 'utf8').split('\n'))]
    return paths.filter((path) => path.startsWith(root)).map((path) => path.slice(root.length))
  }
  const shown = async (...asked: Parameters<typeof run>): Promise<unknown> => {
    const {exitCode, stdout, stderr} = await run(...asked)
    expect({exitCode, stderr}).to.deep.equal({exitCode: 0, stderr: ''})
    return JSON.parse(stdout)
  }

  it('gives the flags of its own plugin’s command the branch’s tag and the user’s registry', async () => {
    expect(await shown(['own'])).to.deep.equal({
      flags: {tag: 'feature-a', registry: 'localhost:5000/team'},
      resolved: ['KEG_REGISTRY', 'KEG_TAG'],
    })
  })

  it('leaves flags and variables of the user alone', async () => {
    const environment = {...sandbox.environment, KEG_REGISTRY: 'ghcr.io/own'}
    expect(await shown(['own', '--tag', 'mine'], environment)).to.deep.equal({
      flags: {tag: 'mine', registry: 'ghcr.io/own'},
      resolved: [],
    })
  })

  it('does nothing for another plugin’s command, even if that plugin contains its own', async () => {
    expect(await shown(['foreign'])).to.deep.equal({flags: {}, resolved: []})
  })

  it('does nothing for a command whose flags read none of the variables', async () => {
    sandbox.write('.config/keg/config.yml', 'broken: [')
    expect(await shown(['plain'])).to.deep.equal({flags: {}, resolved: []})
  })

  it('loads no module of keg for a command that needs none', async () => {
    expect(await loaded(['plain'])).to.deep.equal([])
    expect(await loaded(['foreign'])).to.deep.equal([])
  })

  it('loads no tap modules if no tap is linked, and no git modules if the user sets the tag', async () => {
    const environment = {...sandbox.environment, KEG_TAG: 'own'}
    const modules = await loaded(['own'], environment)
    expect(modules).to.include('values/resolve-values.js')
    expect(modules.filter((path) => /^(?:tap-folder|git)\//.test(path))).to.deep.equal([])
    const all = {...environment, KEG_REGISTRY: 'own', KEG_USE_PROXY: 'no'}
    const unwanted = /^(?:config\/(?:file|user-configuration)|tap-folder|git)\b/
    expect((await loaded(['own'], all)).filter((path) => unwanted.test(path))).to.deep.equal([])
  })

  describe('with a linked tap', () => {
    beforeEach(() => {
      sandbox.repository('shop', 'checkout')
      mkdirSync(join(sandbox.folder, 'shop/container'))
      sandbox.write('shop/container/Dockerfile', 'FROM scratch\n')
      values('KEG_REGISTRY: ghcr.io/shop\n  KEG_USE_PROXY: on')
      sandbox.write('.config/keg/config.yml', `taps:\n  shop:\n    path: ${sandbox.folder}/shop\n`)
    })
    const values = (env: string) => {
      sandbox.write('shop/container/values.yml', `env:\n  ${env}\n`)
    }

    it('gives the flags the values and the branch of the tap that the first argument names', async () => {
      expect(await shown(['own', '-n', 'x', 'shop'])).to.deep.equal({
        flags: {name: 'x', proxy: true, registry: 'ghcr.io/shop', tag: 'checkout'},
        resolved: ['KEG_REGISTRY', 'KEG_TAG', 'KEG_USE_PROXY'],
      })
    })

    it('gives them those of the folder’s tap, and keeps the user’s no', async () => {
      const environment = {...sandbox.environment, KEG_USE_PROXY: 'off'}
      expect(await shown(['own'], environment, join(sandbox.folder, 'shop'))).to.deep.equal({
        flags: {proxy: false, registry: 'ghcr.io/shop', tag: 'checkout'},
        resolved: ['KEG_REGISTRY', 'KEG_TAG'],
      })
    })

    it('warns of the folder’s broken tap if something else is named, and fails if the tap is meant', async () => {
      values('KEG_REGISTRY: "{{ nothing }}"')
      const place = join(sandbox.folder, 'shop')
      const other = await run(['own', 'other'], sandbox.environment, place)
      expect(other.exitCode).to.equal(0)
      expect(JSON.parse(other.stdout)).to.deep.equal({flags: {tag: 'checkout'}, resolved: ['KEG_TAG']})
      expect(unbroken(other.stderr)).to.match(/Warning: The tap of this folder is ignored: .*is not defined/)
      for (const parameters of [['own', 'shop'], ['own']]) {
        const {exitCode, stderr, stdout} = await run(parameters, sandbox.environment, place)
        expect({exitCode, stdout}).to.deep.equal({exitCode: 2, stdout: ''})
        expect(unbroken(stderr)).to.match(/values\.yml:2: \{\{ nothing \}\} is not defined\./)
      }
      const {exitCode, stdout} = await run(['own', 'shop', '--json'], sandbox.environment, place)
      expect(exitCode).to.equal(2)
      expect(JSON.parse(stdout)).to.have.nested.include({'error.code': 'value-template', 'error.exitCode': 2})
    })
  })

  it('lets the command run without a repository, or with one that cannot be read', async () => {
    const registryAlone = {flags: {registry: 'localhost:5000/team'}, resolved: ['KEG_REGISTRY']}
    expect(await shown(['own'], sandbox.environment, sandbox.folder)).to.deep.equal(registryAlone)
    sandbox.write('app/.git/config', '[core\n')
    expect(await shown(['own'])).to.deep.equal(registryAlone)
  })

  it('exits with 2 and the place in the file if the setting for a flag is invalid', async () => {
    sandbox.write('.config/keg/config.yml', 'registry: https://x\nregistri: x\ntaps: {till: 1}\n')
    const {exitCode, stdout, stderr} = await run(['own'])
    expect({exitCode, stdout}).to.deep.equal({exitCode: 2, stdout: ''})
    const said = unbroken(stderr)
    expect(said).to.match(/config\.yml:1:11: registry: /)
    expect(said).to.match(/keg config unset registry/)
    // The flag or the variable overrides the setting.
    expect((await run(['own', '--registry', 'ghcr.io/acme'])).exitCode).to.equal(0)
    expect((await run(['own'], {...sandbox.environment, KEG_REGISTRY: 'ghcr.io/acme'})).exitCode).to.equal(0)
    expect(stderr).to.not.match(/^\s+at /m)
  })
})

/** Undoes the line breaks of oclif, which wraps at 80 characters and marks each line. */
function unbroken(stderr: string): string {
  return stderr.replaceAll(/\n? ›\s+/g, ' ').replaceAll(/ +/g, ' ')
}

interface PluginFacts {
  readonly name: string
  readonly dependencies?: Record<string, string>
  readonly hooks?: Record<string, string>
  readonly plugins?: readonly string[]
}

function writePlugin(root: string, {name, dependencies = {}, ...oclif}: PluginFacts): void {
  const own = {bin: 'keg', dirname: 'keg', commands: './dist/commands', ...oclif}
  write(join(root, 'package.json'), JSON.stringify({name, version: '1.0.0', type: 'module', dependencies, oclif: own}))
}

/** A command that prints its flags and the names that keg lists as set by itself. */
function command(flags: string): string {
  return `import {Args, Command, Flags} from '@oclif/core'
export default class Shown extends Command {
  static args = {target: Args.string()}
  static enableJsonFlag = true
  static flags = {${flags}}
  async run() {
    const {flags} = await this.parse(Shown)
    const resolved = Object.keys(JSON.parse(process.env.KEG_RESOLVED ?? '{}')).sort()
    this.log(JSON.stringify({flags, resolved}))
  }
}
`
}

/** Compiles a source and all its imports. */
function compile(source: string, plugin: string): void {
  const output = join(plugin, 'dist', source.replace(/\.ts$/, '.js'))
  if (existsSync(output)) return
  const compilerOptions = {module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true}
  const {outputText} = ts.transpileModule(readFileSync(join(repository, 'src', source), 'utf8'), {compilerOptions})
  write(output, outputText)
  for (const [, path = ''] of outputText.matchAll(/(?:from|import\() ?'(\.[^']+)\.js'/g))
    compile(join(dirname(source), `${path}.ts`), plugin)
}

function write(file: string, content: string): void {
  mkdirSync(dirname(file), {recursive: true})
  writeFileSync(file, content)
}
