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
    setSetting({environment, notice: (line) => said.push(line), signal}, {name, value, dryRun})
  const unset = async (name: string, dryRun = false) => unsetSetting({environment, signal}, {name, dryRun})
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
      expect(await set(name, value)).to.deep.equal({name, value, previous: null, wasInvalid: false})
      expect(await getSetting(name, environment)).to.deep.equal({name, value, trouble: null})
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
      wasInvalid: false,
    })
    for (const [name] of settings) expect((await unset(name)).value).to.equal(null)
    expect(text()).to.equal('version: 1\n')
    expect(await listSettings(environment)).to.deep.equal([])
  })

  it('that are lists are set with commas between their items', async () => {
    const name = 'protectedTags'
    expect(await set(name, 'trunk, stable')).to.deep.equal({
      name,
      value: 'trunk,stable',
      previous: null,
      wasInvalid: false,
    })
    expect(text()).to.contain('- trunk').and.to.contain('- stable')
    expect(await getSetting(name, environment)).to.deep.equal({name, value: 'trunk,stable', trouble: null})
    expect(await set(name, '')).to.deep.equal({name, value: '', previous: 'trunk,stable', wasInvalid: false})
    expect(text()).to.contain('protectedTags: []')
    expect(await thrown(set(name, 'a,b/c'))).to.have.property('code', 'setting-invalid')
  })

  it('keep their comments when they or others change', async () => {
    write(
      '# all\nregistry: ghcr.io # why\nenv:\n  # one\n  KEG_USE_PROXY: true # two\n  KEG_EXEC_CMD: start\nversion: 1\n',
    )
    await set('env.KEG_USE_PROXY', 'false')
    await unset('env.KEG_EXEC_CMD')
    expect(text()).to.equal(
      '# all\nregistry: ghcr.io # why\nenv:\n  # one\n  KEG_USE_PROXY: "false" # two\nversion: 1\n',
    )
  })

  it('are made absolute if they are folders', async () => {
    expect((await set('paths.core', '~/work/../core/')).value).to.equal(join(home, 'core'))
    expect(text()).to.include(`core: ${join(home, 'core')}`)
  })

  it('that are not set are an error to get, but not to unset', async () => {
    for (const name of ['registry', 'defaultTag', 'env.KEG_EXEC_CMD', 'taps.shop'])
      expect(await thrown(getSetting(name, environment))).to.include({code: 'setting-unset', exitCode: 1})
    expect(await unset('registry')).to.deep.equal({name: 'registry', value: null, previous: null, wasInvalid: false})
    expect(readdirSync(home)).to.not.include('.config')
  })

  describe('that are not valid', () => {
    const bad =
      'registry: https://x\npaths:\n  core: work/core\n  ui: /srv/ui\ntaps:\n  a/b:\n    path: /x\ncolour: red\n'
    beforeEach(() => write(bad))

    it('are listed with their problem among the others, and are an error to get', async () => {
      const listed = await listSettings(environment)
      expect(listed.map(({name, trouble, value}) => [name, value, trouble?.code])).to.deep.equal([
        ['registry', null, 'configuration-invalid'],
        ['paths.core', null, 'configuration-invalid'],
        ['paths.ui', '/srv/ui', undefined],
        ['taps.a/b', null, 'configuration-invalid'],
        ['colour', null, 'configuration-invalid'],
      ])
      const file = userConfigurationFile(environment)
      const lines = settingsText(listed).split('\n')
      expect(lines.slice(0, 3)).to.deep.equal(['registry: not valid', 'paths.core: not valid', 'paths.ui: /srv/ui'])
      expect(lines[5]).to.match(/^registry: .*config\.yml:1:11: .* Or remove it with: keg config unset registry$/)
      for (const [name, place] of [
        ['registry', '1:11'],
        ['paths.core', '3:9'],
        ['taps.a/b', '6:3'],
        ['colour', '8:1'],
      ] as const) {
        const error = await thrown(getSetting(name, environment))
        expect(error).to.include({code: 'configuration-invalid', exitCode: 2})
        expect(error.message).to.satisfy((message: string) => message.startsWith(`${file}:${place}: `))
      }
      expect(await getSetting('paths.ui', environment)).to.deep.equal({
        name: 'paths.ui',
        value: '/srv/ui',
        trouble: null,
      })
    })

    it('stay unchanged when another is set, and can be fixed or unset by name', async () => {
      expect(await set('defaultTag', 'trunk')).to.deep.equal({
        name: 'defaultTag',
        value: 'trunk',
        previous: null,
        wasInvalid: false,
      })
      expect(text()).to.equal(`${bad}defaultTag: trunk\nversion: 1\n`)
      expect(await unset('colour', true)).to.deep.equal({name: 'colour', value: null, previous: null, wasInvalid: true})
      expect(text()).to.include('colour: red')
      const changed = await set('registry', 'ghcr.io/acme')
      expect(changed).to.include({value: 'ghcr.io/acme', previous: null, wasInvalid: true})
      expect(changeText(changed, {dryRun: false})).to.equal('registry is ghcr.io/acme; it was not valid.')
      for (const name of ['colour', 'paths.core', 'taps.a/b'])
        expect(changeText(await unset(name), {dryRun: false})).to.equal(`${name} is removed; it was not valid.`)
      expect(text()).to.equal('registry: ghcr.io/acme\npaths:\n  ui: /srv/ui\ndefaultTag: trunk\nversion: 1\n')
    })

    it('block the settings below them until they are unset', async () => {
      write('paths: none\n1: x\nversion: "1"\ntaps: {shop: {path: /srv/shop, tasks: y}}\n')
      expect(await thrown(set('paths.ui', '/srv/ui'))).to.include({code: 'configuration-invalid'})
      expect((await listSettings(environment)).map(({name}) => name)).to.have.members([
        'paths',
        '1',
        'version',
        'taps.shop',
        'taps.shop.tasks',
      ])
      for (const name of ['paths', '1', 'version', 'taps.shop.tasks']) await unset(name)
      await set('paths.ui', '/srv/ui')
      expect(text()).to.equal('taps: { shop: { path: /srv/shop } }\nversion: 1\npaths:\n  ui: /srv/ui\n')
    })
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
    ['environment', '../x', /^environment: it is not the name/],
    ['env.KEG_PROXY_PORT', '70000', /^env\.KEG_PROXY_PORT: it is not a port/],
    ['env.KEG_USE_PROXY', 'maybe', /^env\.KEG_USE_PROXY: it is neither/],
    ['paths.core', 'work/core', /^paths\.core: it is not an absolute path/],
    ['paths.core', '~ada/core', /^paths\.core: it is not an absolute path/],
  ] as const)
    it(`refuses ${name} ${JSON.stringify(value)}`, async () => {
      const refused = await thrown(set(name, value))
      expect(refused).to.include({code: 'setting-invalid', exitCode: 2})
      expect(refused.message).to.match(message)
      expect(readdirSync(home)).to.deep.equal([])
    })

  it('can be templates, or unknown values, with a warning about the latter', async () => {
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

  it('are reported in one line', () => {
    const changed = {name: 'registry', value: 'b.io', previous: 'a.io', wasInvalid: false}
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
      'registry is already a.io.',
      'registry is removed; it was a.io.',
      'registry is not set.',
    ])
  })
})
