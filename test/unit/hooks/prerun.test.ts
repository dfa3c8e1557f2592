import {expect} from 'chai'
import {execFile} from 'node:child_process'
import {mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import ts from 'typescript'
import {GitSandbox} from '../../support/git.js'

const repository = fileURLToPath(new URL('../../..', import.meta.url))

interface Outcome {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * A program of oclif with two plugins: its root, without a hook, and below its folder, linked as npm workspaces are, one that
 * has keg's hook.
 */
describe('prerun hook', () => {
  let sandbox: GitSandbox
  let folder: string

  beforeEach(() => {
    sandbox = new GitSandbox()
    folder = sandbox.repository('app', 'feature-a')
    mkdirSync(join(sandbox.folder, '.config/keg'), {recursive: true})
    sandbox.write('.config/keg/config.yml', 'registry: localhost:5000/team\n')

    const program = join(sandbox.folder, 'program')
    const plugin = join(program, 'plugins/own')
    mkdirSync(join(program, 'node_modules'), {recursive: true})
    for (const name of ['@oclif', 'simple-git', 'yaml']) {
      symlinkSync(join(repository, 'node_modules', name), join(program, 'node_modules', name))
    }
    writePlugin(program, {name: 'program', plugins: ['own'], dependencies: {own: '1.0.0'}})
    writePlugin(plugin, {name: 'own', hooks: {prerun: './dist/hooks/prerun.js'}})
    symlinkSync(plugin, join(program, 'node_modules/own'))
    write(join(program, 'run.js'), `import {execute} from '@oclif/core'\nawait execute({dir: import.meta.url})\n`)
    write(join(program, 'dist/commands/foreign.js'), command(`tag: Flags.string({env: 'KEG_TAG'})`))
    write(
      join(plugin, 'dist/commands/own.js'),
      command(`tag: Flags.string({env: 'KEG_TAG'}), registry: Flags.string({env: 'KEG_REGISTRY'})`),
    )
    write(join(plugin, 'dist/commands/plain.js'), command(`name: Flags.string({env: 'KEG_NAME'})`))
    compile('hooks/prerun.ts', plugin)
    for (const subject of ['config', 'environment', 'error', 'git', 'reference', 'terminal']) {
      for (const file of readdirSync(join(repository, 'src/lib', subject))) compile(`lib/${subject}/${file}`, plugin)
    }
  })
  afterEach(() => sandbox.remove())

  const run = (parameters: string[], environment = sandbox.environment, cwd = folder): Promise<Outcome> =>
    new Promise((resolve) => {
      const script = join(sandbox.folder, 'program/run.js')
      execFile(process.execPath, [script, ...parameters], {cwd, env: environment}, (error, stdout, stderr) => {
        resolve({exitCode: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr})
      })
    })
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
      resolved: ['KEG_TAG'],
    })
  })

  it('does nothing for another plugin’s command, also when that plugin lies around its own', async () => {
    expect(await shown(['foreign'])).to.deep.equal({flags: {}, resolved: []})
  })

  it('does nothing for a command whose flags read none of the variables', async () => {
    sandbox.write('.config/keg/config.yml', 'broken: [')
    expect(await shown(['plain'])).to.deep.equal({flags: {}, resolved: []})
  })

  it('lets the command run where there is no repository, and where it cannot be read', async () => {
    const registryAlone = {flags: {registry: 'localhost:5000/team'}, resolved: ['KEG_REGISTRY']}
    expect(await shown(['own'], sandbox.environment, sandbox.folder)).to.deep.equal(registryAlone)
    sandbox.write('app/.git/config', '[core\n')
    expect(await shown(['own'])).to.deep.equal(registryAlone)
  })

  it('ends with exit code 2 and the place in the file when the user configuration is wrong', async () => {
    sandbox.write('.config/keg/config.yml', 'registry: localhost:5000\nregistri: x\n')
    const {exitCode, stdout, stderr} = await run(['own'])
    expect({exitCode, stdout}).to.deep.equal({exitCode: 2, stdout: ''})
    // oclif breaks its lines at 80 characters, behind a mark of its own.
    const said = stderr.replaceAll(/\n? ›\s+/g, ' ')
    expect(said).to.match(/config\.yml:2:1: there is no setting "registri"/)
    expect(said).to.match(/The settings are: defaultTag, registry/)
    expect(stderr).to.not.match(/^\s+at /m)
  })
})

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
  return `import {Command, Flags} from '@oclif/core'
export default class Shown extends Command {
  static flags = {${flags}}
  async run() {
    const {flags} = await this.parse(Shown)
    const resolved = Object.keys(JSON.parse(process.env.KEG_RESOLVED ?? '{}')).sort()
    this.log(JSON.stringify({flags, resolved}))
  }
}
`
}

function compile(source: string, plugin: string): void {
  const compilerOptions = {module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true}
  const {outputText} = ts.transpileModule(readFileSync(join(repository, 'src', source), 'utf8'), {compilerOptions})
  write(join(plugin, 'dist', source.replace(/\.ts$/, '.js')), outputText)
}

function write(file: string, content: string): void {
  mkdirSync(dirname(file), {recursive: true})
  writeFileSync(file, content)
}
