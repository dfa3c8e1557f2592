import {readFile} from 'node:fs/promises'
import {resolve} from 'node:path'
import {detachedTag} from './branch-tag.js'
import {readHead, type Head, type ReadOptions} from '../git/repository.js'
import {askGit} from '../git/ask-git.js'

/** Where git stores the branch that it returns to (git 2.30, builtin/rebase.c and builtin/bisect--helper.c). */
const RETURNING = ['rebase-merge/head-name', 'rebase-apply/head-name', 'BISECT_START']

/**
 * The branch whose files are in a folder: the checked-out one, or the one being rebased or bisected, which detaches HEAD
 * meanwhile. For another detached HEAD, the tag of the commit, such as `sha-0123456789ab`.
 * @returns undefined without a repository or git, or if the path does not exist
 * @throws what readHead does
 */
export async function readCheckedOutBranch(folder: string, options: ReadOptions = {}): Promise<string | undefined> {
  const head = await readHead(folder, options)
  return head && branchOfHead(head, folder, options)
}

/** The same for a known HEAD. */
export async function branchOfHead(
  head: Head,
  folder: string,
  {environment = process.env}: ReadOptions = {},
): Promise<string | undefined> {
  if (head.branch !== undefined) return head.branch
  const paths = RETURNING.flatMap((name) => ['--git-path', name])
  const {result} = await askGit(folder, environment, (git) => git.revparse(paths))
  const files = result.split('\n').filter((path) => path !== '')
  const texts = await Promise.all(files.map((path) => readFile(resolve(folder, path), 'utf8').catch(() => '')))
  const names = texts.map((text) => text.trim().replace(/^refs\/heads\//, ''))
  return names.find(isBranch) ?? (head.commit === undefined ? undefined : detachedTag(head.commit))
}

/** A rebase or bisect that started on a detached HEAD stores `detached HEAD` or a commit. */
function isBranch(name: string): boolean {
  return name !== '' && !name.includes(' ') && !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(name)
}
