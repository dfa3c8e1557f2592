import {readHead, type ReadOptions} from './repository.js'
import {askGit} from './ask-git.js'

/**
 * The folder with HEAD and the index of a work tree, as an absolute path: worktrees and submodules have their own.
 * @returns undefined without a repository or git, or if the path does not exist
 * @throws what readHead does
 */
export async function readGitDirectory(folder: string, options: ReadOptions = {}): Promise<string | undefined> {
  if ((await readHead(folder, options)) === undefined) return undefined
  const question = ['rev-parse', '--absolute-git-dir']
  const answer = await askGit(folder, options.environment ?? process.env, (git) => git.raw(question))
  return answer.exitCode === 0 ? answer.result.replace(/\n$/, '') : undefined
}
