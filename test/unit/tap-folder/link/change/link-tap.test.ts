import {expect} from 'chai'
import {mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {missingInput, type Prompt} from '../../../../../src/lib/terminal/prompt.js'
import {readUserConfiguration} from '../../../../../src/lib/config/user-configuration.js'
import {
  linkTap,
  type LinkTapResult,
  type LinkTapOptions,
} from '../../../../../src/lib/tap-folder/link/change/link-tap.js'
import {
  unlinkTap,
  type UnlinkedTap,
  type UnlinkTapOptions,
} from '../../../../../src/lib/tap-folder/link/change/unlink-tap.js'
import {linkTable, unlinkText} from '../../../../../src/lib/tap-folder/link/link-text.js'
import {listTaps} from '../../../../../src/lib/tap-folder/link/list-taps.js'
import {GitSandbox} from '../../../../support/git.js'
import {thrown} from '../../../../support/thrown.js'
import {testWork} from '../../../../support/work.js'
import type {Work} from '../../../../../src/lib/work/work.js'
import type {TapProgram} from '../../../../../src/lib/tap-folder/plugin/tap-program.js'
import {exampleProgram} from '../../plugin/example-program.js'

const nobody: Prompt = {
  isInteractive: false,
  confirm: (question, {flag}) => Promise.reject(missingInput(question, flag)),
  choose: (question, _choices, {flag}) => Promise.reject(missingInput(question, flag)),
  text: (question, {flag}) => Promise.reject(missingInput(question, flag)),
}

describe('linking taps', () => {
  let home: string
  let said: string[]
  const at = (path: string): string => join(home, path)

  beforeEach(async () => {
    home = await realpath(await mkdtemp(join(tmpdir(), 'keg-link-')))
    said = []
  })
  afterEach(() => rm(home, {force: true, recursive: true}))

  const environment = (): NodeJS.ProcessEnv => ({
    HOME: home,
    XDG_CONFIG_HOME: at('config'),
    XDG_STATE_HOME: at('state'),
  })
  const work = (parts: Partial<Work> = {}): Work =>
    testWork({
      folder: home,
      environment: environment(),
      prompt: nobody,
      notice: (line) => void said.push(line),
      ...parts,
    })
  const program = (): TapProgram => exampleProgram(at('data'))

  async function tap(path: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
    await mkdir(join(at(path), 'container'), {recursive: true})
    const all = {'container/Dockerfile': 'FROM scratch\n', ...files}
    for (const [file, text] of Object.entries(all)) await writeFile(join(at(path), file), text)
    return at(path)
  }

  const link = async (
    path: string | undefined,
    options: Partial<LinkTapOptions> = {},
    parts: Partial<Work> = {},
  ): Promise<LinkTapResult> =>
    linkTap(work(parts), {program: program(), path, name: undefined, force: false, dryRun: false, ...options})
  const unlink = async (
    name: string | undefined,
    options: Partial<UnlinkTapOptions> = {},
    parts: Partial<Work> = {},
  ): Promise<UnlinkedTap> => unlinkTap(work(parts), {program: program(), link: name, dryRun: false, ...options})
  const linked = async (): Promise<Record<string, string>> => {
    const {taps} = await readUserConfiguration(environment())
    return Object.fromEntries([...taps].map(([name, {path}]) => [name, path]))
  }
  const commands = async (): Promise<string> =>
    readFile(at('data/linked-taps/oclif.manifest.json'), 'utf8').catch(() => '{}')

  it('stores the real path of a folder under its name, and makes it a command', async () => {
    await tap('code/My Shop')
    await symlink(at('code/My Shop'), at('short'))
    const result = {name: 'my-shop', path: at('code/My Shop'), before: null, isCommand: true, dryRun: false}
    for (const path of ['code/My Shop', at('short'), '~/short', 'short/../short/']) {
      expect(await link(path), path).to.deep.equal({...result, outcome: 'linked'})
      expect(await linked()).to.deep.equal({'my-shop': at('code/My Shop')})
      expect(await commands()).to.contain('"my-shop:start"')
      await unlink('my-shop')
    }
    expect(await link(undefined, {}, {folder: at('code/My Shop')})).to.deep.equal({...result, outcome: 'linked'})
  })

  it('uses the name in the tap’s files, or else the folder’s', async () => {
    await tap('a', {'tap.json': '{"keg": {"alias": "Web Shop"}}'})
    await tap('b', {'package.json': '{"keg": {"cli": {"link": {"name": "api"}}}}'})
    await tap('Folder_1')
    for (const path of ['a', 'b', 'Folder_1']) await link(path)
    expect(await linked()).to.deep.equal({'web-shop': at('a'), api: at('b'), 'folder-1': at('Folder_1')})
  })

  it('asks for a name if there is no valid one', async () => {
    await tap('123')
    await tap('docker')
    expect(await thrown(link('123'))).to.include({code: 'input-missing', exitCode: 2})
    expect(await thrown(link('123')))
      .to.have.property('hint')
      .that.contains('--name')
    expect(await thrown(link('docker'))).to.include({code: 'tap-name-reserved', exitCode: 2})
    const refused: unknown[] = []
    const prompt: Prompt = {
      ...nobody,
      isInteractive: true,
      text(_question, {validate}) {
        for (const answer of ['docker', 'a/b', 'good']) refused.push(validate?.(answer) !== true)
        return Promise.resolve('good')
      },
    }
    expect(await link('docker', {}, {prompt})).to.include({name: 'good', outcome: 'linked'})
    expect(refused).to.deep.equal([true, true, false])
  })

  it('refuses the name of a command of keg, whether its plugin is installed or not', async () => {
    await tap('shop')
    for (const name of ['docker', 'package', 'start', 'run', 'st', 'tap', 'sync', 'build', 'plugins', 'help'])
      expect(await thrown(link('shop', {name})), name).to.include({code: 'tap-name-reserved', exitCode: 2})
    for (const name of ['a/b', 'Shop', 'my shop', '', '-x'])
      expect(await thrown(link('shop', {name})), name).to.include({code: 'tap-name-invalid', exitCode: 2})
    // A sub-command of another topic is not a word by itself.
    expect(await link('shop', {name: 'pk'})).to.include({name: 'pk'})
  })

  it('accepts only existing folders that are taps', async () => {
    await mkdir(at('empty'))
    await writeFile(at('file'), '')
    expect(await thrown(link('nowhere'))).to.include({code: 'tap-path-missing', exitCode: 2})
    expect(await thrown(link('file'))).to.include({code: 'tap-path-missing'})
    const error = await thrown(link('empty'))
    expect(error).to.include({code: 'tap-container-missing', exitCode: 2})
    expect(error).to.have.property('hint').that.contains('keg tap new')
    await writeFile(at('empty/Dockerfile'), 'FROM scratch\n')
    expect(await link('empty')).to.include({outcome: 'linked'})
    for (const file of ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']) {
      const folder = file.replace('.', '-')
      await mkdir(at(folder))
      await writeFile(at(`${folder}/${file}`), 'services: {web: {image: busybox}}\n')
      expect(await link(folder), file).to.include({outcome: 'linked'})
    }
  })

  it('changes nothing when repeated', async () => {
    await tap('shop')
    await link('shop')
    await rm(at('data'), {recursive: true})
    expect(await link('shop')).to.include({outcome: 'unchanged', before: at('shop')})
    // But it repairs the commands.
    expect(await commands()).to.contain('"shop:start"')
  })

  it('asks before it moves a link to another folder', async () => {
    await tap('shop')
    await tap('other')
    await link('shop')
    const error = await thrown(link('other', {name: 'shop'}))
    expect(error).to.include({code: 'input-missing', exitCode: 2})
    expect(error.message).to.contain(at('shop')).and.contain(at('other'))
    expect(error).to.have.property('hint').that.contains('--force')
    const no: Prompt = {...nobody, isInteractive: true, confirm: () => Promise.resolve(false)}
    expect(await thrown(link('other', {name: 'shop'}, {prompt: no}))).to.include({code: 'cancelled', exitCode: 1})
    expect(await linked()).to.deep.equal({shop: at('shop')})
    expect(await link('other', {name: 'shop', force: true})).to.include({outcome: 'moved', before: at('shop')})
    expect(await linked()).to.deep.equal({shop: at('other')})
    await rm(at('other'), {recursive: true})
    expect(await link('shop')).to.include({outcome: 'moved', before: at('other')})
  })

  it('does not overwrite a link that was created meanwhile', async () => {
    await tap('shop')
    await tap('other')
    await tap('third')
    await link('shop')
    const prompt: Prompt = {
      ...nobody,
      async confirm() {
        await link('third', {name: 'shop', force: true})
        return true
      },
    }
    const error = await thrown(link('other', {name: 'shop'}, {prompt}))
    expect(error).to.include({code: 'tap-name-taken', exitCode: 2})
    expect(await linked()).to.deep.equal({shop: at('third')})
  })

  it('allows several links to one folder', async () => {
    await tap('shop')
    await link('shop')
    await link('shop', {name: 'web'})
    expect(said.join()).to.contain('linked as shop too')
    expect(await linked()).to.deep.equal({shop: at('shop'), web: at('shop')})
    const error = await thrown(unlink('shop/', {}))
    expect(error).to.include({code: 'tap-ambiguous', exitCode: 2})
    expect(await unlink('web')).to.include({name: 'web'})
    expect(await unlink(at('shop'))).to.include({name: 'shop', path: at('shop')})
  })

  it('is not needed in a worktree of a linked tap', async () => {
    const sandbox = new GitSandbox()
    try {
      sandbox.repository('shop')
      sandbox.write('shop/Dockerfile', 'FROM scratch\n')
      sandbox.git('shop', 'add', '.')
      sandbox.git('shop', 'commit', '--quiet', '--message', 'Dockerfile')
      sandbox.git('shop', 'worktree', 'add', '--quiet', '-b', 'topic', '../shop-topic')
      const [folder, worktree] = [join(sandbox.folder, 'shop'), join(sandbox.folder, 'shop-topic')]
      await link(folder)
      expect(await link(worktree, {name: 'shop'})).to.include({name: 'shop', outcome: 'worktree', path: worktree})
      expect(await linked()).to.deep.equal({shop: folder})
      await link(worktree)
      expect(await linked()).to.deep.equal({shop: folder, 'shop-topic': worktree})
    } finally {
      sandbox.remove()
    }
  })

  it('changes nothing in a dry run', async () => {
    await tap('shop')
    await tap('other')
    expect(await link('shop', {dryRun: true})).to.include({outcome: 'linked', dryRun: true})
    expect((await readdir(home)).sort()).to.deep.equal(['other', 'shop'])
    await link('shop')
    expect(await link('other', {name: 'shop', dryRun: true})).to.include({outcome: 'moved'})
    expect(await unlink('shop', {dryRun: true})).to.include({name: 'shop', dryRun: true})
    expect(await linked()).to.deep.equal({shop: at('shop')})
  })

  it('keeps all links that are created at the same time', async () => {
    const names = Array.from({length: 8}, (_, index) => `tap-${index}`)
    for (const name of names) await tap(name)
    await Promise.all(names.map(async (name) => link(name)))
    expect(Object.keys(await linked()).sort()).to.deep.equal([...names].sort())
    const topics = await readFile(at('data/linked-taps/package.json'), 'utf8')
    for (const name of names) expect(topics).to.contain(`"${name}"`)
  })

  it('links completely or not at all if nothing can be written', async () => {
    await tap('shop')
    await writeFile(at('config'), '')
    expect(await thrown(link('shop'))).to.include({code: 'configuration-unwritable'})
    expect((await readdir(home)).filter((name) => name === 'data')).to.deep.equal([])
    await rm(at('config'))
    // A tap can be used without its commands.
    await writeFile(at('data'), '')
    expect(await link('shop')).to.include({outcome: 'linked', isCommand: false})
    expect(said.join()).to.contain('keg tap start shop')
    const program = exampleProgram(at('data'), {takesPlugins: false})
    await tap('web')
    expect(await link('web', {program})).to.include({outcome: 'linked', isCommand: false})
    expect(said.join()).to.contain('keg tap start web')
  })

  it('unlinks without the folder, which might be missing', async () => {
    await tap('shop')
    await tap('web')
    await link('shop')
    await link('web')
    await rm(at('shop'), {recursive: true})
    expect(await listTaps(work(), {program: program()})).to.deep.equal([
      {name: 'shop', path: at('shop'), branch: null, trouble: null, exists: false, isCommand: true},
      {name: 'web', path: at('web'), branch: null, trouble: null, exists: true, isCommand: true},
    ])
    expect(await unlink(at('shop'))).to.include({name: 'shop', path: at('shop')})
    expect(said.join()).to.contain('docker ps --all --filter label=com.keg.tap=shop')
    expect(await commands()).not.to.contain('"shop:start"')
    expect(await unlink(undefined, {}, {folder: at('web')})).to.include({name: 'web'})
    expect(await readdir(at('web'))).to.deep.equal(['container'])
    expect(await thrown(unlink('web'))).to.include({code: 'tap-unknown', exitCode: 2})
    await link('web')
    expect(await linked()).to.deep.equal({web: at('web')})
    const somebody: Prompt = {
      ...nobody,
      isInteractive: true,
      choose: (_, [first]) => Promise.resolve(first?.value as never),
    }
    expect(await unlink(undefined, {}, {prompt: somebody})).to.include({name: 'web'})
  })

  it('lists invalid links, ignores them otherwise, does not overwrite them, and unlinks them by name', async () => {
    await tap('shop')
    await link('shop')
    const file = at('config/keg/config.yml')
    await writeFile(file, `${await readFile(file, 'utf8')}  Till: {path: /x}\n  web: /srv/web\n`)
    await tap('web')
    expect(await thrown(link('web'))).to.include({code: 'configuration-invalid', exitCode: 2})
    await link('web', {name: 'bar'})
    const listed = await listTaps(work(), {program: program()})
    expect(listed.map(({name, path, trouble}) => [name, path, trouble?.code])).to.deep.equal([
      ['Till', null, 'configuration-invalid'],
      ['bar', at('web'), undefined],
      ['shop', at('shop'), undefined],
      ['web', null, 'configuration-invalid'],
    ])
    expect(linkTable(listed, undefined))
      .to.match(/^Till +not valid +-$/m)
      .and.match(/^web: .*config\.yml:\d+:\d+: /m)
    expect(await commands())
      .to.contain('"bar:start"')
      .and.not.contain('"web:start"')
    for (const name of ['Till', 'web']) {
      const unlinked = await unlink(name)
      expect(unlinked).to.deep.equal({name, path: null, dryRun: false})
      expect(unlinkText(unlinked)).to.equal(`Unlinked ${name} (its record was not valid).`)
    }
    expect(await readFile(file, 'utf8')).to.not.match(/Till|web:/)
    expect(await linked()).to.deep.equal({shop: at('shop'), bar: at('web')})
  })

  it('reports what hides a link in the list', async () => {
    await tap('shop')
    await link('shop')
    const foreign = exampleProgram(at('data'), {foreignIds: ['shop:sell']})
    expect(await listTaps(work(), {program: foreign})).to.have.nested.property('[0].isCommand', false)
    expect(said.join()).to.contain('shop is also a command of keg')
    expect(await listTaps(work(), {program: program()})).to.have.nested.property('[0].isCommand', true)
    expect(said.join()).to.contain('repaired')
  })
})
