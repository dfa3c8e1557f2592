import {expect} from 'chai'
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {setSetting, unsetSetting} from '../../../../src/lib/config/setting/change-setting.js'
import {changeText, settingsText} from '../../../../src/lib/config/setting/setting-text.js'
import {getSetting, listSettings} from '../../../../src/lib/config/setting/show-setting.js'
import {userConfigurationFile} from '../../../../src/lib/config/user-configuration.js'
import {thrown} from '../../../support/thrown.js'

describe('settings by their names', () => {
  let home: string
  let environment: NodeJS.ProcessEnv
  let said: string[]
  const {signal} = new AbortController()
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'keg-settings-'))
    environment = {HOME: home}
    said = []
  })
  afterEach(() => rmSync(home, {recursive: true, force: true}))

  const set = async (name: string, value: string, dryRun = false) =>
    setSetting({name, value, dryRun, environment, signal, say: (line) => said.push(line)})
  const unset = async (name: string, dryRun = false) => unsetSetting({name, dryRun, environment, signal})
  const write = (text: string): void => {
    mkdirSync(dirname(userConfigurationFile(environment)), {recursive: true})
    writeFileSync(userConfigurationFile(environment), text)
  }
  const text = (): string => readFileSync(userConfigurationFile(environment), 'utf8')

  it('are set, got, listed in the order of the file, and unset', async () => {
    const settings = [
      ['registry', 'ghcr.io/acme'],
      ['env.KEG_PROXY_HOST', 'local.acme.dev'],
      ['env.KEG_PROXY_PORT', '8080'],
      ['defaultTag', 'main'],
      ['environment', 'qa'],
      ['paths.core', '/srv/core'],
    ] as const
    for (const [name, value] of settings) {
      expect(await set(name, value)).to.deep.equal({name, value, previous: null})
      expect(await getSetting(name, environment)).to.deep.equal({name, value})
    }
    expect((await listSettings(environment)).map(({name}) => name)).to.deep.equal([
      'registry',
      'env.KEG_PROXY_HOST',
      'env.KEG_PROXY_PORT',
      'defaultTag',
      'environment',
      'paths.core',
    ])
    expect(await set('registry', 'ghcr.io/ada')).to.deep.equal({
      name: 'registry',
      value: 'ghcr.io/ada',
      previous: 'ghcr.io/acme',
    })
    for (const [name] of settings) expect((await unset(name)).value).to.equal(null)
    expect(text()).to.equal('version: 1\n')
    expect(await listSettings(environment)).to.deep.equal([])
  })

  it('keep the comment of what is set anew, and of what stays', async () => {
    write(
      '# all\nregistry: ghcr.io # why\nenv:\n  # one\n  KEG_USE_PROXY: true # two\n  KEG_EXEC_CMD: start\nversion: 1\n',
    )
    await set('env.KEG_USE_PROXY', 'false')
    await unset('env.KEG_EXEC_CMD')
    expect(text()).to.equal(
      '# all\nregistry: ghcr.io # why\nenv:\n  # one\n  KEG_USE_PROXY: "false" # two\nversion: 1\n',
    )
  })

  it('are absolute where they are folders', async () => {
    expect((await set('paths.core', '~/work/../core/')).value).to.equal(join(home, 'core'))
    expect(text()).to.include(`core: ${join(home, 'core')}`)
  })

  it('that are not set are an error to get, and none to unset', async () => {
    for (const name of ['registry', 'defaultTag', 'env.KEG_EXEC_CMD', 'taps.shop'])
      expect(await thrown(getSetting(name, environment))).to.include({code: 'setting-unset', exitCode: 1})
    expect(await unset('registry')).to.deep.equal({name: 'registry', value: null, previous: null})
    expect(readdirSync(home)).to.not.include('.config')
  })

  it('are not written with a dry run', async () => {
    expect(await set('registry', 'ghcr.io', true)).to.include({value: 'ghcr.io'})
    expect(await thrown(set('registry', 'https://ghcr.io', true))).to.include({code: 'setting-invalid'})
    expect(readdirSync(home)).to.deep.equal([])
  })

  for (const [name, code, hint] of [
    ['registri', 'setting-unknown', /Did you mean registry\?/],
    ['KEG_PROXY_HOST', 'setting-unknown', /Did you mean env\.KEG_PROXY_HOST\?/],
    ['version', 'setting-unknown', /The settings are/],
    ['env', 'setting-unknown', /env\.NAME/],
    ['__proto__.x', 'setting-unknown', /The settings are/],
    ['env.', 'setting-invalid', /KEG_ or DOC_/],
    ['env.PATH', 'setting-invalid', /KEG_ or DOC_/],
    ['env.constructor', 'setting-invalid', /KEG_ or DOC_/],
    ['env.KEG_CACHE_DIR', 'setting-invalid', /environment of the shell/],
    ['env.KEG_ENV', 'setting-invalid', /Set environment/],
    ['paths.a.b', 'setting-invalid', /letters/],
    ['taps.shop', 'setting-linked', /keg tap link PATH --name shop/],
    ['taps.a/b', 'tap-name-invalid', /lower case/],
  ] as const)
    it(`refuses the name ${name}`, async () => {
      for (const refused of [await thrown(set(name, '/x')), await thrown(unset(name))]) {
        expect(refused).to.include({code, exitCode: 2})
        expect(refused).to.have.property('hint').that.matches(hint)
      }
    })

  for (const [name, value, message] of [
    ['registry', 'https://ghcr.io', /^registry: .*scheme/],
    ['registry', '', /^registry: /],
    ['defaultTag', 'a/b', /^defaultTag: /],
    ['environment', '../x', /^environment: it is no name/],
    ['env.KEG_PROXY_PORT', '70000', /^env\.KEG_PROXY_PORT: it is no port/],
    ['env.KEG_USE_PROXY', 'maybe', /^env\.KEG_USE_PROXY: it is neither/],
    ['paths.core', 'work/core', /^paths\.core: it is no absolute path/],
    ['paths.core', '~ada/core', /^paths\.core: it is no absolute path/],
  ] as const)
    it(`refuses ${name} ${JSON.stringify(value)}`, async () => {
      const refused = await thrown(set(name, value))
      expect(refused).to.include({code: 'setting-invalid', exitCode: 2})
      expect(refused.message).to.match(message)
      expect(readdirSync(home)).to.deep.equal([])
    })

  it('may be values that keg does not know, or that are templates, with a word about the former', async () => {
    await set('env.KEG_PROXY_PORT', '{{ envs.PORT }}')
    expect(said).to.deep.equal([])
    await set('env.KEG_PROXI_HOST', 'x')
    expect(said.join()).to.match(/Did you mean KEG_PROXY_HOST\?/)
  })

  it('are shown without secrets, unless one is asked for', async () => {
    write('env:\n  KEG_API_TOKEN: s3cret\n  DOC_URL: https://ada:s3cret@example.org\n  DOC_TITLE: "\\e[31mred"\n')
    const list = await listSettings(environment)
    expect(settingsText(list)).to.equal('env.KEG_API_TOKEN: ***\nenv.DOC_URL: ***\nenv.DOC_TITLE: ?[31mred')
    expect(JSON.stringify(list)).to.not.include('s3cret')
    expect(await getSetting('env.KEG_API_TOKEN', environment)).to.include({value: 's3cret'})
    expect(JSON.stringify(await set('env.KEG_API_TOKEN', 's3cret2'))).to.not.include('s3cret')
  })

  it('are told of in one line', () => {
    const changed = {name: 'registry', value: 'b.io', previous: 'a.io'}
    const lines = [
      changeText(changed, {dryRun: false}),
      changeText({...changed, previous: null}, {dryRun: true}),
      changeText({...changed, value: 'a.io'}, {dryRun: false}),
      changeText({...changed, value: null}, {dryRun: false}),
      changeText({...changed, value: null, previous: null}, {dryRun: false}),
    ]
    expect(lines).to.deep.equal([
      'registry is b.io; it was a.io.',
      'registry would be b.io.',
      'registry is a.io already.',
      'registry is taken away; it was a.io.',
      'registry is not set.',
    ])
  })
})
