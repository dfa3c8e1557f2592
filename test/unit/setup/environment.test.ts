import {mkdtemp, readlink, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect} from 'chai'
import {isolatedEnvironment, useClientPlugins, withoutForeignSettings} from '../../../scripts/setup/environment.js'

describe('withoutForeignSettings', () => {
  it("removes the user's keg settings, and the branch variables of CI systems", () => {
    const removed = {
      KEG_REGISTRY: 'r',
      KEG_TAG: 't',
      DOC_APP_PATH: '/app',
      CI: 'true',
      GITHUB_HEAD_REF: 'b',
      GITHUB_REF_NAME: 'b',
      CI_COMMIT_REF_NAME: 'b',
      BRANCH_NAME: 'b',
      GIT_DIR: '/elsewhere/.git',
      DOCKER_CONTEXT: 'far',
      XDG_CONFIG_HOME: '/home/ada/.config',
    }
    expect(withoutForeignSettings(removed)).to.deep.equal({})
  })

  it('keeps the variables for programs and the engine', () => {
    const kept = {PATH: '/bin', DOCKER_HOST: 'unix:///run/other.sock', HTTP_PROXY: 'http://proxy', TERM: 'xterm'}
    expect(withoutForeignSettings(kept)).to.deep.equal(kept)
  })
})

describe('isolatedEnvironment', () => {
  const before = {...process.env}
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keg-environment-test-'))
  })
  afterEach(async () => {
    // Not another object: Node itself would no longer read it.
    for (const name of Object.keys(process.env)) if (!(name in before)) Reflect.deleteProperty(process.env, name)
    Object.assign(process.env, before)
    await rm(folder, {recursive: true, force: true})
  })

  /** The folder in which docker's client finds compose. */
  const plugins = async ({DOCKER_CONFIG = ''}: NodeJS.ProcessEnv) => readlink(join(DOCKER_CONFIG, 'cli-plugins'))

  it("gives docker's client the compose of the tests, or else the user's", async () => {
    process.env.DOCKER_CONFIG = '/home/ada/.docker'
    delete process.env.KEG_TEST_CLIENT_PLUGINS
    expect(await plugins(await isolatedEnvironment(folder))).to.equal('/home/ada/.docker/cli-plugins')
    await rm(join(folder, '.docker'), {recursive: true})
    process.env.KEG_TEST_CLIENT_PLUGINS = '/cache/cli-plugins'
    expect(await plugins(await isolatedEnvironment(folder))).to.equal('/cache/cli-plugins')
  })

  it('can get another compose later', async () => {
    const environment = await isolatedEnvironment(folder)
    await useClientPlugins(environment.DOCKER_CONFIG ?? '', '/cache/cli-plugins')
    expect(await plugins(environment)).to.equal('/cache/cli-plugins')
  })

  it("contains nothing of the user's", async () => {
    process.env.KEG_TEST_CLIENT_PLUGINS = '/cache/cli-plugins'
    process.env.KEG_REGISTRY = 'r'
    const {HOME, ...environment} = await isolatedEnvironment(folder)
    expect(HOME).to.equal(folder)
    expect(Object.keys(environment).filter((name) => name.startsWith('KEG_'))).to.deep.equal([])
  })
})
