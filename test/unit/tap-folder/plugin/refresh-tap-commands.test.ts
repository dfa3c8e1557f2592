import {expect} from 'chai'
import {mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {pluginStamp} from '../../../../src/lib/tap-folder/plugin/plugin-files.js'
import {refreshTapCommands, renewTapCommands} from '../../../../src/lib/tap-folder/plugin/refresh-tap-commands.js'
import type {TapProgram} from '../../../../src/lib/tap-folder/plugin/tap-program.js'
import {exampleCommand, exampleProgram} from './example-program.js'

describe('plugin of the linked taps', () => {
  let home: string
  let data: string
  beforeEach(async () => {
    home = await realpath(await mkdtemp(join(tmpdir(), 'keg-plugin-')))
    data = join(home, 'data')
  })
  afterEach(() => rm(home, {force: true, recursive: true}))

  const options = (program: Partial<TapProgram> = {}) => ({program: exampleProgram(data, program)})
  const work = (parts: NodeJS.ProcessEnv = {}) => ({
    environment: {HOME: home, XDG_CONFIG_HOME: join(home, 'config'), XDG_STATE_HOME: join(home, 'state'), ...parts},
    signal: new AbortController().signal,
  })

  async function link(taps: Readonly<Record<string, string>>): Promise<void> {
    await mkdir(join(home, 'config/keg'), {recursive: true})
    const records = Object.fromEntries(Object.entries(taps).map(([name, path]) => [name, {path}]))
    await writeFile(join(home, 'config/keg/config.yml'), JSON.stringify({version: 1, taps: records}))
  }

  interface Plugin {
    readonly version: string
    readonly keg: {readonly stamp: string}
    readonly oclif: {readonly topics: Readonly<Record<string, {readonly description: string}>>}
  }
  interface Manifest {
    readonly version: string
    readonly commands: Readonly<Record<string, {readonly id: string}>>
  }
  const read = async <T>(file: string): Promise<T> => JSON.parse(await readFile(join(data, file), 'utf8')) as T
  const commands = async (): Promise<string[]> =>
    Object.keys((await read<Manifest>('linked-taps/oclif.manifest.json')).commands)

  it('has a topic for each tap, with its commands, and is listed with the user’s plugins', async () => {
    await link({web: '/code/web', shop: '/code/<%= process.exit(7) %>'})
    expect(await refreshTapCommands(work(), options())).to.equal('renewed')
    const plugin = await read<Plugin>('linked-taps/package.json')
    expect(plugin.oclif.topics).to.deep.equal({
      shop: {description: 'Tap in /code/<?= process.exit(7) %>'},
      web: {description: 'Tap in /code/web'},
    })
    expect(await commands()).to.deep.equal(['shop:package:run', 'shop:start', 'web:package:run', 'web:start'])
    // oclif ignores a manifest whose version differs from the package's.
    expect((await read<Manifest>('linked-taps/oclif.manifest.json')).version).to.equal(plugin.version)
    expect(await read('package.json')).to.deep.equal({
      private: true,
      oclif: {schema: 1, plugins: [{name: '@keg/linked-taps', root: join(data, 'linked-taps'), type: 'link'}]},
    })
  })

  it('is written only if needed', async () => {
    await link({shop: '/code/shop'})
    await refreshTapCommands(work(), options())
    const files = ['package.json', ...(await readdir(join(data, 'linked-taps'))).map((name) => `linked-taps/${name}`)]
    const places = async (): Promise<number[]> =>
      Promise.all(files.map(async (file) => (await stat(join(data, file))).ino))
    const before = await places()
    expect(await refreshTapCommands(work(), options())).to.equal('current')
    expect(await places()).to.deep.equal(before)
  })

  it('is recreated if its files, its entry in the list or the links changed', async () => {
    await link({shop: '/code/shop'})
    await refreshTapCommands(work(), options())
    for (const spoil of [
      () => rm(join(data, 'linked-taps'), {recursive: true}),
      () => writeFile(join(data, 'linked-taps/oclif.manifest.json'), '{'),
      () => writeFile(join(data, 'package.json'), '{"oclif": {"plugins": []}}'),
      () => link({shop: '/code/shop', web: '/code/web'}),
    ]) {
      await spoil()
      expect(await refreshTapCommands(work(), options()), String(spoil)).to.equal('renewed')
      expect(await refreshTapCommands(work(), options()), String(spoil)).to.equal('current')
    }
    expect(await commands()).to.include('web:start')
  })

  it('keeps the user’s other plugins, and is removed with the last tap', async () => {
    await mkdir(data)
    const others = {
      name: '@keg/cli',
      dependencies: {other: '1.0.0'},
      oclif: {schema: 1, plugins: [{name: 'other', tag: 'latest', type: 'user'}], more: true},
    }
    await writeFile(join(data, 'package.json'), JSON.stringify(others))
    await link({shop: '/code/shop'})
    await refreshTapCommands(work(), options())
    const linked = {name: '@keg/linked-taps', root: join(data, 'linked-taps'), type: 'link'}
    const oclif = {...others.oclif, plugins: [...others.oclif.plugins, linked]}
    expect(await read('package.json')).to.deep.equal({...others, oclif})
    await link({})
    expect(await refreshTapCommands(work(), options())).to.equal('renewed')
    expect(await read('package.json')).to.deep.equal(others)
    expect(await readdir(data)).to.deep.equal(['package.json'])
    expect(await refreshTapCommands(work(), options())).to.equal('current')
  })

  it('leaves out taps with the name of another command', async () => {
    await link({docker: '/code/docker', shop: '/code/shop'})
    await refreshTapCommands(work(), options())
    expect(await commands()).to.deep.equal(['shop:package:run', 'shop:start'])
  })

  it('is not created if users cannot install plugins, or without @keg/tap', async () => {
    await link({shop: '/code/shop'})
    expect(await refreshTapCommands(work(), options({takesPlugins: false}))).to.equal('impossible')
    expect(await refreshTapCommands(work(), options({tapCommands: undefined}))).to.equal('impossible')
    expect(await readdir(home)).to.deep.equal(['config'])
  })

  it('is not created if nothing can be written, or the list is invalid', async () => {
    await link({shop: '/code/shop'})
    await mkdir(data)
    await writeFile(join(data, 'package.json'), '[1]')
    expect(await refreshTapCommands(work(), options())).to.equal('unwritable')
    expect(await readFile(join(data, 'package.json'), 'utf8')).to.equal('[1]')
    await rm(data, {recursive: true})
    await writeFile(data, 'a file')
    expect(await refreshTapCommands(work(), options())).to.equal('unwritable')
    expect(await readdir(join(home, 'state/keg/configuration/turns'))).to.deep.equal([])
    await rm(data)
    await writeFile(data, 'a file')
    const program = {...options().program, dataFolder: join(home, 'other')}
    expect(await refreshTapCommands(work({XDG_STATE_HOME: data}), {program})).to.equal('state-unwritable')
  })

  it('is renewed by the first command of another @keg/tap', async () => {
    await link({shop: '/code/shop'})
    await refreshTapCommands(work(), options())
    const {stamp} = (await read<Plugin>('linked-taps/package.json')).keg
    const {tapCommands = []} = exampleProgram(data)
    const elsewhere = tapCommands.map((command) => ({...command, pluginType: 'dev'})).reverse()
    expect(pluginStamp(elsewhere)).to.equal(stamp)
    // The loaded plugin is current, so the files are not checked.
    await rm(join(data, 'linked-taps'), {recursive: true})
    await renewTapCommands(work(), options({loadedStamp: stamp}))
    expect(await readdir(data)).to.deep.equal(['package.json'])
    const newer = {tapCommands: [...tapCommands, exampleCommand('tap:build')], loadedStamp: stamp}
    await renewTapCommands(work(), options(newer))
    expect(await commands()).to.deep.equal(['shop:build', 'shop:package:run', 'shop:start'])
    expect((await read<Plugin>('linked-taps/package.json')).keg.stamp).not.to.equal(stamp)
  })

  it('does not stop a command if it cannot be renewed', async () => {
    await mkdir(join(home, 'config/keg'), {recursive: true})
    await writeFile(join(home, 'config/keg/config.yml'), 'taps: [')
    await renewTapCommands(work(), options())
    expect(await readdir(home)).to.deep.equal(['config'])
  })
})
