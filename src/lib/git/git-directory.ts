import {readHead, type ReadOptions} from './repository.js'
import {runGit} from './run-git.js'

/**
 * The folder in which git keeps HEAD and the index of a work tree, as an absolute path: a worktree and a submodule have their own.
 * @returns undefined where there is no repository, no git, or nothing at that path
 * @throws what readHead does
 */
export async function readGitDirectory(folder: string, options: ReadOptions = {}): Promise<string | undefined> {
  if ((await readHead(folder, options)) === undefined) return undefined
  const answer = await runGit(folder, ['rev-parse', '--absolute-git-dir'], options.environment ?? process.env)
  return answer.exitCode === 0 ? answer.stdout.replace(/\n$/, '') : undefined
}
