import {expect} from 'chai'
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import type {Prompt} from '../../../src/lib/terminal/prompt.js'
import {importConfiguration, type ImportOptions} from '../../../src/lib/import/import-configuration.js'
import {importText} from '../../../src/lib/import/import-text.js'
import {readOverride} from '../../../src/lib/config/override.js'
import {readUserConfiguration, userConfigurationFile} from '../../../src/lib/config/user-configuration.js'
import {thrown} from '../../support/thrown.js'
import {testWork} from '../../support/work.js'

describe('importing the configuration of an old keg', () => {
  let home: string
  let old: string
  let environment: NodeJS.ProcessEnv
  let asked: string[]
  beforeEach(() => {
    home = realpathSync(mkdtempSync(join(tmpdir(), 'keg-import-')))
    old = join(home, '.kegConfig/cli.config.json')
    environment = {HOME: home}
    asked = []
    mkdirSync(dirname(old))
    for (const folder of ['shop/container', 'till/container', 'empty']) mkdirSync(join(home, folder), {recursive: true})
  })
  afterEach(() => rmSync(home, {recursive: true, force: true}))

  const prompt = (answer: boolean | undefined): Prompt => ({
    isInteractive: answer !== undefined,
    confirm(question) {
      asked.push(question)
      return Promise.resolve(answer === true)
    },
    choose: () => Promise.reject(new Error('not asked here')),
    text: () => Promise.reject(new Error('not asked here')),
  })
  const run = async (options: Partial<ImportOptions> = {}, answer?: boolean) =>
    importConfiguration(testWork({folder: home, environment, prompt: prompt(answer)}), {
      file: undefined,
      force: false,
      dryRun: false,
      program: {
        dataFolder: join(home, 'data'),
        tapCommands: undefined,
        takesPlugins: false,
        foreignIds: ['tap:start'],
        loadedStamp: undefined,
      },
      ...options,
    })
  const write = (content: object): void => writeFileSync(old, JSON.stringify(content))
  const beside = (name: string, text: string): void => writeFileSync(join(dirname(old), name), text)
  const configuration = (): string => readFileSync(userConfigurationFile(environment), 'utf8')

  it('takes what it can, and leaves the old files unchanged', async () => {
    write({
      docker: {providerUrl: 'ghcr.io', namespace: 'acme', token: 's3cret'},
      cli: {paths: {core: '/srv/core'}, taps: {shop: {path: join(home, 'shop')}}, settings: {defaultEnv: 'local'}},
    })
    const before = readFileSync(old, 'utf8')
    const {left, taken} = await run()
    expect(taken.map(({from, name, previous}) => [from, name, previous])).to.deep.equal([
      ['docker.providerUrl', 'registry', null],
      ['cli.settings.defaultEnv', 'environment', null],
      ['cli.paths.core', 'paths.core', null],
      ['cli.taps.shop.path', 'taps.shop', null],
    ])
    expect(left.map(({from}) => from)).to.deep.equal(['docker.token'])
    expect(configuration()).to.equal(
      [
        'version: 1',
        'registry: ghcr.io/acme',
        'environment: local',
        'paths:',
        '  core: /srv/core',
        'taps:',
        '  shop:',
        `    path: ${join(home, 'shop')}`,
        '',
      ].join('\n'),
    )
    expect(readFileSync(old, 'utf8')).to.equal(before)
    expect((await run()).taken).to.deep.equal([])
  })

  it('leaves out taps that cannot be linked here, each with the reason', async () => {
    const path = join(home, 'shop')
    write({
      cli: {
        taps: {
          start: {path},
          docker: {path},
          Shop: {path},
          'a/b': {path},
          gone: {path: join(home, 'gone')},
          empty: {path: join(home, 'empty')},
          relative: {path: 'shop'},
          till: {path: join(home, 'till')},
        },
      },
    })
    const {left, taken} = await run()
    expect(taken.map(({name}) => name)).to.deep.equal(['taps.till'])
    const reasons = Object.fromEntries(
      left.map(({from, reason}) => [from.replace(/^cli\.taps\.|\.path$/g, ''), reason]),
    )
    expect(Object.keys(reasons)).to.have.members(['start', 'docker', 'Shop', 'a/b', 'gone', 'empty', 'relative'])
    expect(reasons.start).to.match(/a command of keg/)
    expect(reasons.docker).to.match(/a command of keg/)
    expect(reasons.Shop).to.match(/cannot be the name of a tap/)
    expect(reasons.gone).to.match(/There is no folder/)
    expect(reasons.empty).to.match(/no folder container\/, no Dockerfile and no compose file/)
    expect(reasons.relative).to.match(/not an absolute path/)
  })

  it('leaves out values that no setting can have', async () => {
    write({
      docker: {providerUrl: 'ada:s3cret@ghcr.io'},
      cli: {paths: {core: 'work'}, settings: {docker: {defaultTag: 'a/b', imagePullPolicy: 'Sometimes'}}},
    })
    const {left, taken} = await run()
    expect(taken).to.deep.equal([])
    expect(left.map(({from}) => from)).to.have.members([
      'docker.providerUrl',
      'cli.paths.core',
      'cli.settings.docker.defaultTag',
      'cli.settings.docker.imagePullPolicy',
    ])
    expect(JSON.stringify(left)).to.not.include('s3cret')
    expect(readdirSync(home)).to.not.include('.config')
  })

  describe('if a setting has another value', () => {
    beforeEach(() => {
      write({docker: {providerUrl: 'ghcr.io'}, cli: {settings: {docker: {defaultTag: 'main'}, defaultEnv: 'qa'}}})
      mkdirSync(dirname(userConfigurationFile(environment)), {recursive: true})
      writeFileSync(userConfigurationFile(environment), '# mine\nregistry: quay.io\ndefaultTag: main\n')
    })

    it('keeps it without a terminal, or if the user says no', async () => {
      for (const answer of [undefined, false]) {
        const {kept} = await run({}, answer)
        expect(kept.find(({name}) => name === 'registry')).to.include({value: 'ghcr.io', previous: 'quay.io'})
        expect(kept.find(({name}) => name === 'defaultTag')).to.include({value: 'main', previous: 'main'})
        expect(await readUserConfiguration(environment)).to.include({registry: 'quay.io', environment: 'qa'})
      }
      expect(asked).to.have.length(1)
      expect(asked[0]).to.match(/1 setting has another value here: registry \(quay\.io, there ghcr\.io\)/)
    })

    it('overwrites it if the user says yes', async () => {
      const {kept, taken} = await run({}, true)
      expect(taken.find(({name}) => name === 'registry')).to.include({value: 'ghcr.io', previous: 'quay.io'})
      expect(kept.map(({name}) => name)).to.deep.equal(['defaultTag'])
      expect(configuration()).to.match(/^# mine\nregistry: ghcr\.io\n/)
    })

    it('overwrites it with --force, without asking', async () => {
      await run({force: true}, false)
      expect(asked).to.deep.equal([])
      expect(await readUserConfiguration(environment)).to.include({registry: 'ghcr.io'})
    })

    it('writes and asks nothing with a dry run', async () => {
      const before = configuration()
      const {kept, taken} = await run({dryRun: true}, true)
      expect([taken.map(({name}) => name), kept.map(({name}) => name)]).to.deep.equal([
        ['environment'],
        ['registry', 'defaultTag'],
      ])
      expect([asked, configuration(), readdirSync(home).includes('.local')]).to.deep.equal([[], before, false])
    })
  })

  describe('with files for single taps', () => {
    beforeEach(() => write({cli: {taps: {shop: {path: join(home, 'shop')}, gone: {path: '/nowhere/gone'}}}}))

    it('takes their values, those of .env files before those of YAML', async () => {
      beside('shop.yml', 'env:\n  KEG_PROXY_PORT: 8080\n  KEG_EXEC_CMD: "{{ envs.SCRIPT }}"\n')
      beside('values_shop.yml', 'env:\n  KEG_USE_PROXY: true\n')
      beside('shop.env', '# mine\nKEG_PROXY_PORT="9090"\n')
      const {taken} = await run()
      expect(taken.filter(({name}) => name.startsWith('env.')).map(({file}) => file)).to.deep.equal(
        Array.from({length: 3}, () => join(home, '.config/keg/taps/shop.yml')),
      )
      const {env} = await readOverride('shop', environment)
      expect(Object.fromEntries([...env].map(([name, {text}]) => [name, text]))).to.deep.equal({
        KEG_PROXY_PORT: '9090',
        KEG_EXEC_CMD: '{{ envs.SCRIPT }}',
        KEG_USE_PROXY: 'true',
      })
    })

    it('keeps what is set for the tap', async () => {
      mkdirSync(join(home, '.config/keg/taps'), {recursive: true})
      writeFileSync(join(home, '.config/keg/taps/shop.yml'), 'env:\n  KEG_PROXY_PORT: 1234 # mine\n')
      beside('shop.yml', 'env: {KEG_PROXY_PORT: 8080, KEG_EXEC_CMD: start}\n')
      const {kept} = await run()
      expect(kept.map(({name, previous}) => [name, previous])).to.deep.equal([['env.KEG_PROXY_PORT', '1234']])
      expect(readFileSync(join(home, '.config/keg/taps/shop.yml'), 'utf8')).to.equal(
        'env:\n  KEG_PROXY_PORT: 1234 # mine\n  KEG_EXEC_CMD: start\n',
      )
    })

    it('shows no secret that it would overwrite', async () => {
      mkdirSync(join(home, '.config/keg/taps'), {recursive: true})
      writeFileSync(join(home, '.config/keg/taps/shop.yml'), 'env: {DOC_URL: "https://ada:s3cret@example.org"}\n')
      beside('shop.env', 'DOC_URL=https://example.org\n')
      const result = await run()
      expect(result.kept).to.have.length(1)
      expect(JSON.stringify(result) + importText(result, '')).to.not.include('s3cret')
    })

    it('leaves out secrets, foreign names, wrong values and what belongs to no tap', async () => {
      beside('shop.yml', 'env:\n  KEG_USE_PROXY: maybe\nactions: {}\n')
      beside('shop.env', 'KEG_TOKEN=s3cret\nNODE_ENV=qa\nDOC_URL=https://ada:s3cret@example.org\n')
      beside('shop-qa.env', 'KEG_USE_PROXY=no\n')
      beside('gone.yml', 'env: {KEG_USE_PROXY: no}\n')
      beside('values-shop.yml', 'env: [s3cret\n')
      beside('notes.txt', '')
      const {left, taken} = await run()
      expect(taken.map(({name}) => name)).to.deep.equal(['taps.shop'])
      const names = left.map(({from}) => from.replace(`${dirname(old)}/`, ''))
      expect(names).to.have.members([
        'cli.taps.gone.path',
        'shop.yml KEG_USE_PROXY',
        'shop.yml actions',
        'shop.env KEG_TOKEN',
        'shop.env NODE_ENV',
        'shop.env DOC_URL',
        'values-shop.yml',
        'shop-qa.env',
        'gone.yml',
      ])
      expect(JSON.stringify(left)).to.not.include('s3cret')
    })
  })

  it('reports everything, line by line', async () => {
    write({
      docker: {providerUrl: 'ghcr.io', token: 's3cret'},
      cli: {settings: {defaultEnv: 'qa'}, taps: {'\u001b[31m': 'x'}},
    })
    await run()
    writeFileSync(userConfigurationFile(environment), 'registry: quay.io\n')
    expect(importText(await run({dryRun: true}), userConfigurationFile(environment)).split('\n')).to.deep.equal([
      `Would import from ${old}:`,
      '  environment is qa, from cli.settings.defaultEnv',
      'Already set:',
      '  registry is kept as quay.io; it is ghcr.io in docker.providerUrl (--force overwrites it)',
      'Not imported:',
      '  cli.taps.?[31m: "?[31m" cannot be the name of a tap. Link it with: keg tap link PATH --name NAME',
      '  docker.token: keg stores no credentials. Sign in with: docker login HOST',
    ])
  })

  it('finds the old file like the old keg, and refuses an invalid one', async () => {
    expect(await thrown(run())).to.include({code: 'import-missing', exitCode: 2})
    write({docker: {providerUrl: 'ghcr.io'}})
    expect((await run({dryRun: true})).file).to.equal(old)
    for (const text of ['{"token": s3cret}', '[]', '', 'null']) {
      writeFileSync(join(home, 'other.json'), text)
      environment.KEG_GLOBAL_CONFIG = join(home, 'other.json')
      const error = await thrown(run())
      expect(error).to.include({code: 'import-invalid', exitCode: 2})
      expect(error.message).to.include('other.json').and.not.include('s3cret')
    }
    expect((await run({file: '.kegConfig/cli.config.json', dryRun: true})).file).to.equal(old)
    expect(await thrown(run({file: 'shop'}))).to.include({code: 'import-unreadable', exitCode: 1})
  })
})
