import {watch} from 'node:fs'
import {stat} from 'node:fs/promises'
import {join} from 'node:path'
import {readGitDirectory} from '../../git/git-directory.js'

export interface WatchGitOptions {
  readonly folder: string
  /** Another commit or branch may be checked out. */
  readonly changed: () => void
}

export interface GitWatch {
  /** Whether git is changing the index, and so possibly files. */
  isAtWork(): Promise<boolean>
  close(): void
}

/** A lock that a dead git left counts only this long. */
const MAX_WORK_MILLISECONDS = 60_000

/** Entries that show which branch is checked out, rebased or bisected. */
const TELLING = new Set(['HEAD', 'rebase-merge', 'rebase-apply', 'BISECT_START'])

/**
 * Watches what is checked out in a folder.
 * @returns undefined without a repository that keg can read
 */
export async function watchGit(
  environment: NodeJS.ProcessEnv,
  {changed, folder}: WatchGitOptions,
): Promise<GitWatch | undefined> {
  const directory = await readGitDirectory(folder, {environment}).catch(() => undefined)
  if (directory === undefined) return undefined
  try {
    const watcher = watch(directory, (_, name) => {
      if (name === null || TELLING.has(name)) changed()
    })
    // A removed repository has no branch any more.
    watcher.on('error', () => watcher.close())
    return {
      async isAtWork() {
        const lock = await stat(join(directory, 'index.lock')).catch(() => undefined)
        return lock !== undefined && Date.now() - lock.ctimeMs < MAX_WORK_MILLISECONDS
      },
      close: () => watcher.close(),
    }
  } catch {
    return undefined
  }
}
