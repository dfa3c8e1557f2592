import {lstat, realpath, stat} from 'node:fs/promises'
import {join, relative} from 'node:path'
import {findGitFolder} from '../../git/repository.js'
import {readWorkTree} from '../../git/work-tree.js'

/**
 * The paths that correspond to linked folders in the git worktree of the current folder. All are real paths.
 * @returns one for each linked folder: undefined unless it and the current folder are in different worktrees of one
 * repository, and the folder exists there
 */
export async function findCounterparts(
  linkedFolders: readonly string[],
  current: string,
  environment: NodeJS.ProcessEnv,
): Promise<readonly (string | undefined)[]> {
  const currentTop = await findGitFolder(current)
  if (currentTop === undefined) return linkedFolders.map(() => undefined)
  const isFirst = await hasRepository(currentTop)
  const tops = await Promise.all(
    linkedFolders.map(async (folder) => {
      const top = await findGitFolder(folder)
      // Every worktree but the first has a file `.git`: two repositories can be told apart without git.
      const isOther = top !== undefined && top !== currentTop && !(isFirst && (await hasRepository(top)))
      return isOther ? top : undefined
    }),
  )
  const candidates = [...new Set(tops)].filter((top) => top !== undefined)
  if (candidates.length === 0) return linkedFolders.map(() => undefined)

  // A repository that cannot be read does not count as another's worktree.
  const read = async (place: string) => readWorkTree(place, {environment}).catch(() => undefined)
  const own = await read(current)
  const trees = new Map(await Promise.all(candidates.map(async (top) => [top, await read(top)] as const)))
  return Promise.all(
    linkedFolders.map(async (folder, index) => {
      const tree = trees.get(tops[index] ?? '')
      if (own === undefined || tree?.commonDirectory !== own.commonDirectory) return undefined
      return realFolder(join(own.top, relative(tree.top, folder)))
    }),
  )
}

async function hasRepository(top: string): Promise<boolean> {
  try {
    return (await lstat(join(top, '.git'))).isDirectory()
  } catch {
    return false
  }
}

async function realFolder(place: string): Promise<string | undefined> {
  try {
    return (await stat(place)).isDirectory() ? await realpath(place) : undefined
  } catch {
    return undefined
  }
}
