import type {SimpleGit} from 'simple-git'
import {FailedError, MissingError} from '../error/keg-error.js'
import {commandLine} from '../terminal/command-line.js'
import {printable} from '../terminal/text.js'

/** git's answer; a nonzero exit code is not an error here. */
export interface GitAnswer<Result = string> {
  readonly exitCode: number
  /** After a failure, what simple-git made of the output. */
  readonly result: Result
  readonly stderr: string
}

/** Where git looks for configuration and repositories: set by the user, so kept. */
const kept = [
  'GIT_CEILING_DIRECTORIES',
  'GIT_CONFIG_GLOBAL',
  'GIT_CONFIG_NOSYSTEM',
  'GIT_CONFIG_SYSTEM',
  'GIT_DISCOVERY_ACROSS_FILESYSTEM',
]

/** simple-git refuses to pass these to git; keg does not need them. */
const guarded = /^(?:EDITOR|PAGER|PREFIX|SSH_ASKPASS|VISUAL)$/i

/**
 * The environment for git: the given one, with English messages. In hooks, git sets GIT_DIR, GIT_WORK_TREE and
 * GIT_INDEX_FILE to the hook's repository, but keg asks about a folder: of all `GIT_*`, only the configuration files stay,
 * and a `safe.directory` set through GIT_CONFIG_COUNT, as CI images do.
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
  // keg only reads: git must not even write the index.
  result.GIT_OPTIONAL_LOCKS = '0'
  result.LC_ALL = 'C'
  return result
}

/**
 * Queries git about an existing folder with simple-git. Each query is its own process, so they run side by side. Output is
 * read as UTF-8.
 * @param question one call of simple-git; decision 8 says which have to be `raw`
 * @throws MissingError `git-missing` if git is not on the PATH, FailedError `git-failed` if it cannot be started.
 */
export async function askGit<Result>(
  folder: string,
  environment: NodeJS.ProcessEnv,
  question: (git: SimpleGit) => PromiseLike<Result>,
): Promise<GitAnswer<Result>> {
  const {simpleGit} = await import('simple-git')
  const passedEnvironment = gitEnvironment(environment)
  let exitCode = 0
  let stderr = ''
  try {
    const git = simpleGit({
      baseDir: folder,
      allowEnvironment: Object.keys(passedEnvironment).filter((name) => name.startsWith('GIT_')),
      unsafe: {allowUnsafeConfigEnvCount: true, allowUnsafeConfigPaths: true},
      // By default it returns 50 ms after the exit, even if not all output was read.
      completion: {onClose: true, onExit: false},
      errors(_error, outcome) {
        exitCode = outcome.exitCode
        stderr = Buffer.concat(outcome.stdErr).toString('utf8')
        return undefined
      },
    }).env(passedEnvironment)
    const result = await question(git)
    // If a program did not start, Node reports a negative code, and simple-git the reason as standard error.
    if (exitCode < 0 && /\b(?:ENOENT|EACCES)\b/.test(stderr)) throw gitMissing()
    return {exitCode, result, stderr}
  } catch (error) {
    if (error instanceof MissingError) throw error
    throw new FailedError(`git could not be started in ${printable(folder)}.`, {
      code: 'git-failed',
      hint: `See why by running there: ${commandLine`git status`}`,
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
