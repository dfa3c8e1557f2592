import {expect} from 'chai'
import {execFile} from 'node:child_process'
import {mkdir, mkdtemp, readFile, realpath, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {keg, type KegResult} from '../../support/keg.js'

/** The part of a command that oclif stores. */
interface Command {
  readonly id: string
}

describe('linked taps as commands @containerd', function () {
  this.timeout(180_000)
  let home: string
  before(async () => {
    home = await realpath(await mkdtemp(join(tmpdir(), 'keg-links-')))
  })
  after(() => rm(home, {force: true, recursive: true}))

  const environment = (): Record<string, string> => ({
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_STATE_HOME: join(home, 'state'),
    KEG_DATA_DIR: join(home, 'data'),
  })
  const run = async (words: readonly string[], cwd = home): Promise<KegResult> => keg(words, {cwd, env: environment()})

  async function succeeds(words: readonly string[], cwd?: string): Promise<KegResult> {
    const result = await run(words, cwd)
    expect(result.code, result.stderr).to.equal(0)
    return result
  }

  async function tap(name: string): Promise<string> {
    await mkdir(join(home, name, 'container'), {recursive: true})
    await writeFile(join(home, name, 'container/Dockerfile'), 'FROM scratch\n')
    return join(home, name)
  }

  it('all exist after they were linked at the same time', async () => {
    const names = Array.from({length: 20}, (_, index) => `tap-${index}`)
    for (const name of names) await tap(name)
    const results = await Promise.all(names.map(async (name) => run(['tap', 'link', join(home, name), '--quiet'])))
    for (const [index, {code, stderr, stdout}] of results.entries())
      expect({code, stderr, stdout}).to.deep.equal({code: 0, stderr: '', stdout: `${names[index] ?? ''}\n`})
    const listed = (await succeeds(['tap', 'list', '--quiet'])).stdout.trim().split('\n')
    expect(listed).to.have.members(names)
    const help = (await succeeds(['--help'])).stdout
    for (const name of names) expect(help).to.match(new RegExp(`^ +${name} +Tap in ${join(home, name)}$`, 'm'))
  })

  it('are read, parsed and shown in help like any other', async () => {
    const folder = await tap('shop')
    const linked = await succeeds(['tap', 'link'], folder)
    expect(linked.stdout).to.contain('keg shop start')

    const topic = (await succeeds(['shop', '--help'])).stdout
    const own = JSON.parse(await readFile('src/commands/tap/oclif.manifest.json', 'utf8')) as {
      commands: Record<string, Command & {args: object; hidden?: boolean}>
    }
    const expected = Object.values(own.commands).filter(({args}) => Object.keys(args)[0] === 'tap')
    expect(expected).to.have.length.above(1)
    for (const {id} of expected.filter(({hidden}) => hidden !== true)) {
      const words = id.split(':').slice(1)
      if (words.length === 1) expect(topic, id).to.match(new RegExp(`^ +shop ${words.join(' ')} `, 'm'))
    }
    const help = (await succeeds(['shop', 'path', '--help'])).stdout
    expect(help).to.contain('$ keg shop path [--json]').and.not.contain('[TAP]')

    expect((await succeeds(['shop', 'path'])).stdout).to.equal(`${folder}\n`)
    expect((await succeeds(['shop', 'path', '--json'])).json()).to.include({name: 'shop', path: folder})
    // By a short form, which is hidden.
    expect((await succeeds(['shop', 'prn'])).stdout).to.equal(`${folder}\n`)

    const wrong = await run(['shop', 'path', '--no-such-flag', '--json'])
    expect(wrong.code).to.equal(2)
    expect(wrong.json()).to.have.nested.property('error.code', 'usage-invalid')
    const unknown = await run(['shop', 'no-such-command'])
    expect(unknown.code).to.equal(2)
  })

  it('are recreated by the next tap command or plugin if they are those of another keg', async () => {
    const file = join(home, 'data/linked-taps/package.json')
    const plugin = JSON.parse(await readFile(file, 'utf8')) as {keg: {stamp: string}}
    await writeFile(file, JSON.stringify({...plugin, keg: {stamp: 'older'}}))
    await succeeds(['--version'])
    expect(await readFile(file, 'utf8')).to.contain('older')
    await succeeds(['shop', 'path'])
    expect(JSON.parse(await readFile(file, 'utf8'))).to.deep.equal(plugin)

    await writeFile(file, JSON.stringify({...plugin, keg: {stamp: 'older'}}))
    const hook = "(await Config.load(process.cwd())).runHook('plugins:postinstall', {})"
    const script = `import {Config} from '@oclif/core'; await ${hook}`
    await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
      env: {...process.env, ...environment(), NODE_ENV: 'development'},
    })
    expect(JSON.parse(await readFile(file, 'utf8'))).to.deep.equal(plugin)
  })

  it('are gone with their link', async () => {
    const gone = await tap('gone')
    await succeeds(['tap', 'link', gone])
    await rm(gone, {recursive: true})
    expect((await run(['gone', 'path', '--json'])).json()).to.have.nested.property('error.code', 'tap-folder-missing')
    const listed = (await succeeds(['tap', 'list'])).stdout
    expect(listed).to.match(new RegExp(`^gone +folder is gone +${gone}$`, 'm'))
    const unlinked = await succeeds(['tap', 'unlink', 'gone', '--yes'])
    expect(unlinked.stdout).to.equal(`Unlinked gone (${gone}).\n`)
    expect((await run(['gone', 'path'])).code).to.equal(2)
  })

  it('cannot have the name of anything in keg', async () => {
    const folder = await tap('plugins')
    for (const words of [[], ['--name', 'start']]) {
      const refused = await run(['tap', 'link', folder, ...words, '--json'])
      expect(refused.code, words.join(' ')).to.equal(2)
      expect(refused.json(), words.join(' ')).to.have.nested.property('error.code', 'tap-name-reserved')
    }
  })
})
