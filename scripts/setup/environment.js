import {mkdir, rm, symlink, writeFile} from 'node:fs/promises'
import {homedir} from 'node:os'
import {join} from 'node:path'

/**
 * Variables that make keg, git or docker behave differently from person to person, or from CI to CI: settings of keg and of
 * taps, branches as CI systems name them, and the repository a git hook runs in.
 */
const foreign = [
  /^(KEG|DOC|GIT|CI|GITHUB|GITLAB|BITBUCKET|BUILDKITE|CIRCLE|DRONE|TRAVIS|SEMAPHORE|APPVEYOR|CODEBUILD|BUILD|SYSTEM)_/,
  /^(CI|BRANCH_NAME|CHANGE_BRANCH|DOCKER_CONTEXT|DOCKER_CONFIG|DOCKER_DEFAULT_PLATFORM)$/,
  /^(COMPOSE|XDG|MUTAGEN|REGISTRY)_/,
]

/**
 * @param {NodeJS.ProcessEnv} environment
 * @returns {NodeJS.ProcessEnv} the same without the settings of one person or one CI
 */
export function withoutForeignSettings(environment) {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !foreign.some((it) => it.test(name))))
}

/**
 * An environment that neither reads nor writes anything of the user's: home, XDG folders, docker configuration and git settings
 * are in the given folder.
 *
 * @param {string} folder an empty folder
 * @param {import('./engine.js').Engine} [engine]
 * @returns {Promise<NodeJS.ProcessEnv>}
 */
export async function isolatedEnvironment(folder, engine) {
  const dockerConfig = join(folder, '.docker')
  await mkdir(dockerConfig)
  // compose and buildx may be installed for the user alone, or for the tests alone.
  const {DOCKER_CONFIG = join(homedir(), '.docker'), KEG_TEST_CLIENT_PLUGINS: plugins} = process.env
  await useClientPlugins(dockerConfig, plugins ?? join(DOCKER_CONFIG, 'cli-plugins'))
  await writeFile(join(dockerConfig, 'config.json'), '{}\n')
  await writeFile(
    join(folder, '.gitconfig'),
    '[user]\n\tname = Ada\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n',
  )
  return {
    ...withoutForeignSettings(process.env),
    HOME: folder,
    XDG_CACHE_HOME: join(folder, '.cache'),
    XDG_CONFIG_HOME: join(folder, '.config'),
    XDG_DATA_HOME: join(folder, '.local/share'),
    XDG_STATE_HOME: join(folder, '.local/state'),
    DOCKER_CONFIG: dockerConfig,
    GIT_CONFIG_NOSYSTEM: '1',
    ...engine?.environment,
  }
}

/**
 * Makes docker's client use compose and buildx from a folder.
 *
 * @param {string} dockerConfig the folder of its configuration, from `isolatedEnvironment`
 * @param {string} plugins may be missing
 */
export async function useClientPlugins(dockerConfig, plugins) {
  const link = join(dockerConfig, 'cli-plugins')
  await rm(link, {force: true})
  await symlink(plugins, link)
}
