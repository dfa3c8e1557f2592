import {expect} from 'chai'
import {mkdirSync} from 'node:fs'
import {join} from 'node:path'
import {provideCommandDefaults} from '../../../src/lib/environment/command-defaults.js'
import {provideDefault, readResolved} from '../../../src/lib/environment/resolved.js'
import {GitSandbox} from '../../support/git.js'

describe('defaults of a command', () => {
  let sandbox: GitSandbox
  let environment: NodeJS.ProcessEnv
  const both = ['KEG_REGISTRY', 'KEG_TAG']
  const provide = (names: string[], folder = 'repository') =>
    provideCommandDefaults({names: new Set(names), environment, folder: () => join(sandbox.folder, folder)})
  const origins = () => Object.fromEntries([...readResolved(environment)].map(([name, {origin}]) => [name, origin]))

  beforeEach(() => {
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

  it('are only those that the flags read', async () => {
    await provide(['KEG_BRANCH'])
    expect(environment).to.deep.equal(sandbox.environment)
    await provide(['KEG_TAG'])
    expect(environment).to.include.keys('KEG_TAG').and.not.have.any.keys('KEG_REGISTRY')
  })

  it('leave alone what the user set', async () => {
    Object.assign(environment, {KEG_REGISTRY: 'ghcr.io/own', KEG_TAG: 'own'})
    sandbox.write('.config/keg/config.yml', 'broken: [')
    await provide(both)
    expect(environment).to.deep.equal({...sandbox.environment, KEG_REGISTRY: 'ghcr.io/own', KEG_TAG: 'own'})
  })

  it('take the branch from KEG_BRANCH and the build service before git', async () => {
    environment.KEG_BRANCH = 'own'
    await provide(['KEG_TAG'])
    expect(environment.KEG_TAG).to.equal('own')
    expect(origins()).to.deep.equal({KEG_TAG: 'KEG_BRANCH'})
  })

  it('replace those that another keg left behind', async () => {
    provideDefault(environment, 'KEG_TAG', 'of-the-parent', 'git')
    provideDefault(environment, 'KEG_REGISTRY', 'localhost:1', 'file')
    sandbox.write('.config/keg/config.yml', '')
    sandbox.git('repository', 'checkout', '--quiet', '-b', 'now')
    await provide(both)
    expect(environment.KEG_TAG).to.equal('now')
    expect(environment).to.not.have.any.keys('KEG_REGISTRY')
  })

  it('have no tag without a repository, with a broken one, without git, or without a current folder', async () => {
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
    await provideCommandDefaults({names: new Set(both), environment, folder})
    expect(environment).to.not.have.any.keys('KEG_TAG')
    environment = {...plain}
    sandbox.write('repository/.git/config', '[core\n')
    await provide(['KEG_TAG'])
    expect(environment).to.deep.equal(plain)
  })

  it('fail with a broken user configuration', async () => {
    sandbox.write('.config/keg/config.yml', 'registri: x\n')
    const error: unknown = await provide(both).catch((problem: unknown) => problem)
    expect(error).to.include({code: 'configuration-invalid', exitCode: 2})
  })
})
