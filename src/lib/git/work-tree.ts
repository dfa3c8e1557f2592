import {realpath} from 'node:fs/promises'
import {resolve} from 'node:path'
import {readHead, type ReadOptions} from './repository.js'
import {askGit} from './ask-git.js'

/** The work tree that a folder is in. */
export interface WorkTree {
  /** Its top, as a real path: a worktree and a submodule have their own. */
  readonly top: string
  /** The repository's own folder, as a real path: its worktrees share it, a submodule has its own. */
  readonly commonDirectory: string
}

/**
 * The work tree of a folder.
 * @returns undefined without a repository or git, or if the path does not exist
 * @throws what readHead does
 */
export async function readWorkTree(folder: string, options: ReadOptions = {}): Promise<WorkTree | undefined> {
  if ((await readHead(folder, options)) === undefined) return undefined
  const question = ['rev-parse', '--show-toplevel', '--git-common-dir']
  const {exitCode, result} = await askGit(folder, options.environment ?? process.env, (git) => git.raw(question))
  const [top, common] = result.split('\n')
  if (exitCode !== 0 || top === undefined || common === undefined) return undefined
  // Before git 2.31 it is always relative to the folder's real path.
  return {top: await realpath(top), commonDirectory: await realpath(resolve(await realpath(folder), common))}
}
