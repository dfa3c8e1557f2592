import {FailedError, MissingError} from '../error/keg-error.js'
import {printable} from '../terminal/text.js'

/** What git said; a code other than zero is not an error here. */
export interface GitAnswer {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Where git looks for configuration and repositories: the user's choice, which holds for keg as well. */
const kept = [
  'GIT_CEILING_DIRECTORIES',
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_CONFIG_SYSTEM',
  'GIT_DISCOVERY_ACROSS_FILESYSTEM',
]

/** What simple-git refuses to hand to git; nothing that keg asks of git needs it. */
const guarded = /^(?:EDITOR|PAGER|PREFIX|SSH_ASKPASS|VISUAL)$/i

/**
 * The environment that git gets: the given one, with English messages. Git itself sets GIT_DIR, GIT_WORK_TREE and
 * GIT_INDEX_FILE for hooks, so they name the repository of the hook, and keg asks about a folder: of all `GIT_*` just the
 * places of configuration stay, and a `safe.directory` given through GIT_CONFIG_COUNT, as CI images do.
 */
export function gitEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = Object.keys(environment).filter((name) => !/^GIT_/i.test(name) && !guarded.test(name))
  const result: NodeJS.ProcessEnv = {}
  for (const name of [...names, ...kept]) if (environment[name] !== undefined) result[name] = environment[name]
  const folders = trustedFolders(environment)
  if (folders.length > 0) result.GIT_CONFIG_COUNT = String(folders.length)
  for (const [index, folder] of folders.entries()) {
    result[`GIT_CONFIG_KEY_${index}`] = 'safe.directory'
    result[`GIT_CONFIG_VALUE_${index}`] = folder
  }
  result.LC_ALL = 'C'
  return result
}

/**
 * Runs git in an existing folder and waits for its end. Each call is a process of its own, so calls run side by side.
 * Output is read as UTF-8.
 * @throws MissingError `git-missing` when there is no git on the PATH, FailedError `git-failed` when it cannot be started.
 */
export async function runGit(
  folder: string,
  parameters: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<GitAnswer> {
  const {simpleGit} = await import('simple-git')
  const handedOn = gitEnvironment(environment)
  let exitCode = 0
  let stderr = ''
  try {
    const git = simpleGit({
      baseDir: folder,
      allowEnvironment: Object.keys(handedOn).filter((name) => name.startsWith('GIT_')),
      unsafe: {allowUnsafeConfigEnvCount: true, allowUnsafeConfigPaths: true},
      // Its default goes on 50 ms after the exit, read to the end or not.
      completion: {onClose: true, onExit: false},
      errors(_error, result) {
        exitCode = result.exitCode
        stderr = Buffer.concat(result.stdErr).toString('utf8')
        return undefined
      },
    }).env(handedOn)
    const stdout = await git.raw([...parameters])
    // Node gives a program that did not start a negative code, simple-git the reason as its standard error.
    if (exitCode < 0 && /\b(?:ENOENT|EACCES)\b/.test(stderr)) throw gitMissing()
    return {exitCode, stdout, stderr}
  } catch (error) {
    if (error instanceof MissingError) throw error
    throw new FailedError(`git could not be started in ${printable(folder)}.`, {
      code: 'git-failed',
      hint: 'Run git status there to see why.',
      cause: error,
    })
  }
}

function gitMissing(): MissingError {
  return new MissingError('The program git is not on the PATH.', {
    code: 'git-missing',
    hint: 'Install git, for example with: apt-get install git',
  })
}

function trustedFolders(environment: NodeJS.ProcessEnv): string[] {
  const count = /^\d{1,4}$/.test(environment.GIT_CONFIG_COUNT ?? '') ? Number(environment.GIT_CONFIG_COUNT) : 0
  return Array.from({length: count}, (_, index) => index).flatMap((index) => {
    const value = environment[`GIT_CONFIG_VALUE_${index}`]
    const isTrust = environment[`GIT_CONFIG_KEY_${index}`]?.toLowerCase() === 'safe.directory'
    return isTrust && value !== undefined ? [value] : []
  })
}
