import {realpath} from 'node:fs/promises'
import {resolve} from 'node:path'
import {readHead, type ReadOptions} from './repository.js'
import {runGit} from './run-git.js'

/** The work tree that a folder is in. */
export interface WorkTree {
  /** Its top, as a real path: a worktree and a submodule have their own. */
  readonly top: string
  /** Where the repository itself is kept, as a real path: all worktrees of a repository share it, a submodule has its own. */
  readonly commonDirectory: string
}

/**
 * The work tree that a folder is in.
 * @returns undefined where there is no repository, no git, or nothing at that path
 * @throws what readHead does
 */
export async function readWorkTree(folder: string, options: ReadOptions = {}): Promise<WorkTree | undefined> {
  if ((await readHead(folder, options)) === undefined) return undefined
  const question = ['rev-parse', '--show-toplevel', '--git-common-dir']
  const {exitCode, stdout} = await runGit(folder, question, options.environment ?? process.env)
  const [top, common] = stdout.split('\n')
  if (exitCode !== 0 || top === undefined || common === undefined) return undefined
  // Before git 2.31 it can only be asked for in relation to the folder, and there it has the folder's real path in mind.
  return {top: await realpath(top), commonDirectory: await realpath(resolve(await realpath(folder), common))}
}
