import {readFile} from 'node:fs/promises'
import {resolve} from 'node:path'
import {detachedTag} from '../reference/branch-tag.js'
import {readHead, type ReadOptions} from './repository.js'
import {runGit} from './run-git.js'

/** Where git writes down the branch that it goes back to (git 2.30, builtin/rebase.c and builtin/bisect--helper.c). */
const RETURNING = ['rebase-merge/head-name', 'rebase-apply/head-name', 'BISECT_START']

/**
 * The branch whose files are in a folder: the one checked out, or the one that is being rebased or bisected, which detaches
 * HEAD for a while. Of another detached HEAD it is the tag that stands for the commit, as `sha-0123456789ab`.
 * @returns undefined where there is no repository, no git, or nothing at that path
 * @throws what readHead does
 */
export async function readCheckedOutBranch(folder: string, options: ReadOptions = {}): Promise<string | undefined> {
  const head = await readHead(folder, options)
  if (head === undefined || head.branch !== undefined) return head?.branch
  const environment = options.environment ?? process.env
  const paths = RETURNING.flatMap((name) => ['--git-path', name])
  const {stdout} = await runGit(folder, ['rev-parse', ...paths], environment)
  const files = stdout.split('\n').filter((path) => path !== '')
  const texts = await Promise.all(files.map((path) => readFile(resolve(folder, path), 'utf8').catch(() => '')))
  const names = texts.map((text) => text.trim().replace(/^refs\/heads\//, ''))
  return names.find(isBranch) ?? (head.commit === undefined ? undefined : detachedTag(head.commit))
}

/** What began on a detached HEAD is written down as `detached HEAD` or as a commit. */
function isBranch(name: string): boolean {
  return name !== '' && !name.includes(' ') && !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(name)
}
