import {expect} from 'chai'
import {execFile} from 'node:child_process'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {promisify} from 'node:util'
import {changeUserConfiguration} from '../../../src/lib/config/change-configuration.js'
import {readUserConfiguration, userConfigurationFile} from '../../../src/lib/config/user-configuration.js'
import {thrown} from '../../support/thrown.js'

describe('changing the user configuration', () => {
  let home: string
  let environment: NodeJS.ProcessEnv
  let file: string
  const signal = new AbortController().signal
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'keg-config-'))
    environment = {HOME: home}
    file = userConfigurationFile(environment)
  })
  afterEach(() => rmSync(home, {recursive: true, force: true}))

  const write = (text: string): void => {
    mkdirSync(dirname(file), {recursive: true})
    writeFileSync(file, text)
  }
  const link = async (name: string) =>
    changeUserConfiguration({environment, signal}, {}, (document) =>
      document.setIn(['taps', name, 'path'], `/srv/${name}`),
    )

  it('creates a file that only its user can read', async () => {
    const {taps} = await link('shop')
    expect(taps).to.deep.equal(new Map([['shop', {path: '/srv/shop'}]]))
    expect(readFileSync(file, 'utf8')).to.equal('version: 1\ntaps:\n  shop:\n    path: /srv/shop\n')
    expect(statSync(file).mode & 0o777).to.equal(0o600)
    expect(statSync(dirname(file)).mode & 0o777).to.equal(0o700)
    expect(readdirSync(dirname(file))).to.deep.equal(['config.yml'])
  })

  it('keeps comments, order and the style of values', async () => {
    write('# mine\nregistry: "ghcr.io/acme" # ours\n\n# below\nenv: {KEG_EXEC_CMD: start}\ntaps:\n# end\n')
    await link('shop')
    expect(readFileSync(file, 'utf8')).to.equal(
      [
        '# mine',
        'registry: "ghcr.io/acme" # ours',
        '',
        '# below',
        'env: { KEG_EXEC_CMD: start }',
        'taps:',
        '  shop:',
        '    path: /srv/shop',
        '  # end',
        'version: 1',
        '',
      ].join('\n'),
    )
  })

  it('writes values so that they are read back unchanged', async () => {
    const values = [
      '1.10',
      'no',
      '',
      'a: b',
      '# c',
      '{{ x }}',
      'two\nlines',
      `${'word '.repeat(60)}end`,
      '\u001b[31m',
      "it's",
    ]
    await changeUserConfiguration({environment, signal}, {}, (document) => {
      for (const [index, value] of values.entries()) document.setIn(['env', `KEG_TEXT_${index}`], value)
    })
    const {env} = await readUserConfiguration(environment)
    expect([...env.values()].map(({text}) => text)).to.deep.equal(values)
  })

  it('leaves a file that is already right unchanged, and removes what became empty', async () => {
    const text = 'taps: {shop:   {path: "/srv/shop"}}'
    write(text)
    await link('shop')
    expect(readFileSync(file, 'utf8')).to.equal(text)
    await changeUserConfiguration({environment, signal}, {}, (document) => document.deleteIn(['taps', 'shop']))
    expect(readFileSync(file, 'utf8')).to.equal('version: 1\n')
  })

  it('keeps twenty concurrent changes from four processes', async function () {
    this.timeout(60_000)
    const source = join(import.meta.dirname, '../../../src/lib/config/change-configuration.ts')
    const code = (process: number): string => `
      const {changeUserConfiguration} = await import(${JSON.stringify(source)})
      const options = {environment: ${JSON.stringify(environment)}, signal: new AbortController().signal}
      await Promise.all([0, 1, 2, 3, 4].map((index) =>
        changeUserConfiguration(options, {}, (document) => document.setIn(['paths', 'p${process}-' + index], '/x'))))`
    await Promise.all(
      [0, 1, 2, 3].map((number) =>
        promisify(execFile)(process.execPath, ['--import=tsx', '--input-type=module', '--eval', code(number)]),
      ),
    )
    const {paths} = await readUserConfiguration(environment)
    const expected = [0, 1, 2, 3].flatMap((number) => [0, 1, 2, 3, 4].map((index) => `p${number}-${index}`))
    expect([...paths.keys()]).to.have.members(expected)
  })

  it('writes the target of a symlink, whether it exists or not', async () => {
    const target = join(home, 'dotfiles/keg.yml')
    mkdirSync(dirname(file), {recursive: true})
    symlinkSync(target, file)
    await link('shop')
    await link('till')
    expect(lstatSync(file).isSymbolicLink()).to.equal(true)
    expect(readFileSync(target, 'utf8')).to.include('shop').and.include('till')
    expect(readdirSync(dirname(target))).to.deep.equal(['keg.yml'])
  })

  it('never changes a file that it cannot read, or that a newer keg wrote', async () => {
    for (const [text, code] of [
      ['registry: [\n', 'configuration-invalid'],
      ['- registry\n', 'configuration-invalid'],
      ['version: 2\nregistry: ghcr.io\n', 'configuration-newer'],
    ] as const) {
      write(text)
      expect(await thrown(link('shop'))).to.include({code})
      expect(readFileSync(file, 'utf8')).to.equal(text)
    }
  })

  it('keeps invalid settings unchanged, and adds none', async () => {
    const bad = 'registri: x\npaths: none # mine\nenv: {KEG_PROXY_PORT: http}\ntaps:\n  till: /srv/till\n'
    write(bad)
    expect([...(await link('shop')).taps.keys()]).to.deep.equal(['shop'])
    expect(readFileSync(file, 'utf8')).to.equal(
      `${bad.replace('{KEG_PROXY_PORT: http}', '{ KEG_PROXY_PORT: http }')}  shop:\n    path: /srv/shop\nversion: 1\n`,
    )
    const written = readFileSync(file, 'utf8')
    const change = changeUserConfiguration({environment, signal}, {}, (document) => document.set('defaultTag', 'a/b'))
    expect(await thrown(change)).to.include({code: 'configuration-invalid'})
    expect(readFileSync(file, 'utf8')).to.equal(written)
  })

  it('writes nothing that it could not read back', async () => {
    write('registry: ghcr.io\n')
    const change = changeUserConfiguration({environment, signal}, {}, (document) =>
      document.set('registry', 'https://x'),
    )
    expect(await thrown(change)).to.include({code: 'configuration-invalid'})
    expect(readFileSync(file, 'utf8')).to.equal('registry: ghcr.io\n')
  })

  it('says where it cannot write, and leaves nothing behind', async () => {
    // Nobody can write in this folder, not even root: a file is in its place.
    writeFileSync(join(home, 'file'), '')
    const blocked = {HOME: home, XDG_CONFIG_HOME: join(home, 'file/config')}
    const change = changeUserConfiguration({environment: blocked, signal}, {}, (document) =>
      document.set('registry', 'ghcr.io'),
    )
    expect(await thrown(change)).to.include({code: 'configuration-unwritable', exitCode: 1})
    const stateless = {HOME: home, XDG_STATE_HOME: join(home, 'file/state')}
    const other = changeUserConfiguration({environment: stateless, signal}, {}, (document) =>
      document.set('registry', 'ghcr.io'),
    )
    expect(await thrown(other)).to.include({code: 'state-unwritable', exitCode: 1})
    expect(readdirSync(home).sort()).to.deep.equal(['.local', 'file'])
  })

  it('returns the result of a dry run, and writes nothing', async () => {
    const configuration = await changeUserConfiguration({environment, signal}, {dryRun: true}, (document) =>
      document.set('registry', 'ghcr.io'),
    )
    expect(configuration.registry).to.equal('ghcr.io')
    expect(readdirSync(home)).to.deep.equal([])
  })

  it('writes nothing after a signal', async () => {
    const abort = new AbortController()
    const change = changeUserConfiguration({environment, signal: abort.signal}, {}, (document) => {
      document.set('registry', 'ghcr.io')
      abort.abort(new Error('enough'))
    })
    expect(await thrown(change)).to.have.property('message', 'enough')
    expect(await readUserConfiguration(environment)).to.have.property('registry', undefined)
  })
})
