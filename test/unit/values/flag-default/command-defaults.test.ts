import {expect} from 'chai'
import {mkdirSync} from 'node:fs'
import {join} from 'node:path'
import {provideCommandDefaults} from '../../../../src/lib/values/flag-default/command-defaults.js'
import {provideDefault, readResolved} from '../../../../src/lib/process/resolved.js'
import {GitSandbox} from '../../../support/git.js'

describe('defaults of a command', () => {
  let sandbox: GitSandbox
  let environment: NodeJS.ProcessEnv
  const both = ['KEG_REGISTRY', 'KEG_TAG']
  let warnings: string[]
  const provide = (names: string[], folder = 'repository', argument?: string) =>
    provideCommandDefaults({
      variables: new Map(names.map((name) => [name, {isYesOrNo: name === 'KEG_USE_PROXY'}])),
      environment,
      folder: () => join(sandbox.folder, folder),
      argument,
      warn: (line) => warnings.push(line),
    })
  const origins = () => Object.fromEntries([...readResolved(environment)].map(([name, {origin}]) => [name, origin]))

  beforeEach(() => {
    warnings = []
    sandbox = new GitSandbox()
    sandbox.repository('repository', 'feature/a')
    environment = {...sandbox.environment}
    mkdirSync(join(sandbox.folder, '.config/keg'), {recursive: true})
    sandbox.write('.config/keg/config.yml', 'registry: localhost:5000/team\n')
  })
  afterEach(() => sandbox.remove())

  it('are the registry of the user configuration and the tag of the folder’s branch, with their origins', async () => {
    await provide(both)
    expect(environment.KEG_REGISTRY).to.equal('localhost:5000/team')
    expect(environment.KEG_TAG).to.match(/^feature-a-k[0-9a-f]{10}$/)
    expect(origins()).to.deep.equal({
      KEG_REGISTRY: join(sandbox.folder, '.config/keg/config.yml'),
      KEG_TAG: 'git',
    })
  })

  it('are set only if flags read them', async () => {
    await provide(['KEG_BRANCH'])
    expect(environment).to.deep.equal(sandbox.environment)
    await provide(['OTHER', 'KEG_DATA_DIR'])
    expect(environment).to.deep.equal(sandbox.environment)
    await provide(['KEG_TAG'])
    expect(environment).to.include.keys('KEG_TAG').and.not.have.any.keys('KEG_REGISTRY')
  })

  it('never override what the user set', async () => {
    Object.assign(environment, {KEG_REGISTRY: 'ghcr.io/own', KEG_TAG: 'own'})
    sandbox.write('.config/keg/config.yml', 'broken: [')
    await provide(both)
    expect(environment).to.deep.equal({...sandbox.environment, KEG_REGISTRY: 'ghcr.io/own', KEG_TAG: 'own'})
  })

  it('use the branch from KEG_BRANCH and the build service before git', async () => {
    environment.KEG_BRANCH = 'own'
    await provide(['KEG_TAG'])
    expect(environment.KEG_TAG).to.equal('own')
    expect(origins()).to.deep.equal({KEG_TAG: 'KEG_BRANCH'})
  })

  it('replace those of another keg', async () => {
    provideDefault(environment, 'KEG_TAG', 'of-the-parent', 'git')
    provideDefault(environment, 'KEG_REGISTRY', 'localhost:1', 'file')
    sandbox.write('.config/keg/config.yml', '')
    sandbox.git('repository', 'checkout', '--quiet', '-b', 'now')
    await provide(both)
    expect(environment.KEG_TAG).to.equal('now')
    expect(environment).to.not.have.any.keys('KEG_REGISTRY')
  })

  it('have no tag without a repository, with an invalid one, without git, or without a current folder', async () => {
    const plain = {...sandbox.environment}
    await provide(both, '.')
    expect(environment).to.not.have.any.keys('KEG_TAG')
    environment = {...plain, PATH: join(sandbox.folder, 'nothing')}
    await provide(['KEG_TAG'])
    expect(environment).to.not.have.any.keys('KEG_TAG')
    environment = {...plain}
    const folder = () => {
      throw Object.assign(new Error('ENOENT: uv_cwd'), {code: 'ENOENT'})
    }
    const variables = new Map(both.map((name) => [name, {isYesOrNo: false}]))
    await provideCommandDefaults({variables, environment, folder, argument: undefined, warn: () => undefined})
    expect(environment).to.not.have.any.keys('KEG_TAG')
    environment = {...plain}
    sandbox.write('repository/.git/config', '[core\n')
    await provide(['KEG_TAG'])
    expect(environment).to.deep.equal(plain)
  })

  it('fail with an invalid user configuration', async () => {
    sandbox.write('.config/keg/config.yml', 'registry: [\n')
    const error: unknown = await provide(both).catch((problem: unknown) => problem)
    expect(error).to.include({code: 'configuration-invalid', exitCode: 2})
  })

  describe('of a tap', () => {
    const file = () => join(sandbox.folder, 'shop/container/values.yml')

    beforeEach(() => {
      sandbox.repository('shop', 'checkout')
      mkdirSync(join(sandbox.folder, 'shop/container'))
      mkdirSync(join(sandbox.folder, 'shop/source'))
      sandbox.write('shop/container/Dockerfile', 'FROM scratch\n')
      write('KEG_REGISTRY: ghcr.io/shop\n  KEG_USE_PROXY: on')
      const link = `taps:\n  shop:\n    path: ${sandbox.folder}/shop\n`
      sandbox.write('.config/keg/config.yml', `registry: localhost:5000/team\n${link}`)
    })
    const write = (env: string) => {
      sandbox.write('shop/container/values.yml', `env:\n  ${env}\n`)
    }
    const all = ['KEG_REGISTRY', 'KEG_TAG', 'KEG_USE_PROXY', 'KEG_PROXY_HOST']

    it('are its values and its branch, in its folder and wherever it is named', async () => {
      for (const place of [['shop/source'], ['shop', 'some-container'], ['repository', 'shop'], ['.', 'shop']]) {
        environment = {...sandbox.environment}
        await provide(all, ...(place as [string]))
        expect(environment, place.join(' ')).to.include({
          KEG_REGISTRY: 'ghcr.io/shop',
          KEG_TAG: 'checkout',
          KEG_USE_PROXY: 'true',
        })
        // If keg has a default, the flag has it, too.
        expect(environment).to.not.have.any.keys('KEG_PROXY_HOST')
        expect(origins()).to.deep.equal({KEG_REGISTRY: `${file()}:2`, KEG_TAG: 'git', KEG_USE_PROXY: `${file()}:3`})
      }
    })

    it('are the user’s own elsewhere', async () => {
      await provide(all, 'repository', 'some-container')
      expect(environment).to.include({KEG_REGISTRY: 'localhost:5000/team'})
      expect(environment.KEG_TAG).to.match(/^feature-a-k/)
      expect(environment).to.not.have.any.keys('KEG_USE_PROXY')
    })

    it('have the tag from its KEG_TAG, or from its KEG_BRANCH', async () => {
      write('KEG_BRANCH: release')
      await provide(['KEG_TAG', 'KEG_BRANCH'], 'shop')
      expect(environment).to.include({KEG_TAG: 'release', KEG_BRANCH: 'release'})
      expect(origins()).to.deep.equal({KEG_TAG: `${file()}:2`, KEG_BRANCH: `${file()}:2`})
      write('KEG_TAG: own')
      await provide(['KEG_TAG'], 'shop')
      expect(environment.KEG_TAG).to.equal('own')
    })

    const brokenWays: readonly [string, string, string][] = [
      ['a template that names nothing', 'KEG_REGISTRY: "{{ nothing }}"', 'value-template'],
      ['a value of the wrong form', 'KEG_USE_PROXY: maybe', 'value-invalid'],
      ['values that are no YAML', 'KEG_REGISTRY: [', 'tap-invalid'],
    ]
    for (const [what, env, code] of brokenWays)
      it(`fail with ${what} if the tap is the target, and warn otherwise`, async () => {
        write(env)
        for (const place of [['shop'], ['repository', 'shop']]) {
          const error: unknown = await provide(all, ...(place as [string])).catch((problem: unknown) => problem)
          expect(error, place.join(' ')).to.include({code})
        }
        expect(warnings).to.deep.equal([])
        await provide(all, 'shop', 'some-container')
        expect(environment).to.include({KEG_REGISTRY: 'localhost:5000/team', KEG_TAG: 'checkout'})
        expect(warnings.join('\n')).to.match(/^The tap of this folder is ignored: /)
      })

    it('ignore errors in its other files', async () => {
      sandbox.write('shop/container/mutagen.yml', 'sync: [')
      await provide(all, 'shop')
      expect(environment).to.include({KEG_REGISTRY: 'ghcr.io/shop'})
    })

    it('are not read if the user sets everything', async () => {
      write('KEG_REGISTRY: [')
      const own = {KEG_REGISTRY: 'ghcr.io/own', KEG_TAG: 'own', KEG_USE_PROXY: 'off', KEG_PROXY_HOST: 'own.dev'}
      Object.assign(environment, own)
      await provide(all, 'shop')
      expect(environment).to.deep.equal({...sandbox.environment, ...own, KEG_USE_PROXY: 'false'})
    })
  })

  it('normalize the user’s yes and no for oclif', async () => {
    for (const [word, expected] of [
      ['on', 'true'],
      ['YES', 'true'],
      ['0', 'false'],
    ] as const) {
      environment.KEG_USE_PROXY = word
      await provide(['KEG_USE_PROXY'])
      expect(environment.KEG_USE_PROXY).to.equal(expected)
      expect(origins()).to.deep.equal({})
    }
    environment.KEG_USE_PROXY = 'maybe'
    const error: unknown = await provide(['KEG_USE_PROXY']).catch((problem: unknown) => problem)
    expect(error).to.include({code: 'value-invalid', message: 'KEG_USE_PROXY "maybe" is neither yes nor no.'})
  })
})
