import type {AsyncSubscription, Event} from '@parcel/watcher'
import {readdir, realpath} from 'node:fs/promises'
import {relative, sep} from 'node:path'
import {ignoreMatcher, type IgnoreMatcher} from '../ignore/ignore-matcher.js'
import type {SyncSettings} from '../session.js'
import {OneAtATime} from './one-at-a-time.js'

export interface WatchFolderOptions {
  readonly folder: string
  /** What the session leaves out, and nobody has to be told of. */
  readonly settings: Pick<SyncSettings, 'ignores' | 'ignoresVersionControl'>
  /** Something changed that is synced; at most every 50 ms. */
  readonly changed: () => void
  /** The folder cannot be watched any more; called once, and nothing changes after. */
  readonly lost: (reason: string) => void
}

export interface FolderWatch {
  close(): Promise<void>
}

/**
 * Watches all of a folder through the file system's own notifications. Folders that are left out under one name wherever
 * they are, as node_modules is, are not even looked into.
 * @returns undefined where that cannot be done: then `lost` was told why
 */
export async function watchFolder(options: WatchFolderOptions): Promise<FolderWatch | undefined> {
  const {changed, folder, lost, settings} = options
  const isLeftOut = ignoreMatcher(settings.ignores, settings.ignoresVersionControl)
  const ignore = namesLeftOut(settings, isLeftOut).map((name) => `**/${name}`)
  const renewals = new OneAtATime(renew, (error) => lose(firstLineOf(error)))
  let isOver = false
  let subscription: AsyncSubscription | undefined
  let root = folder

  function lose(reason: string): void {
    if (!isOver) lost(reason)
    isOver = true
  }

  async function subscribe(): Promise<AsyncSubscription> {
    // Its native part is there for the usual systems, not for all.
    const {default: watcher} = await import('@parcel/watcher')
    return watcher.subscribe(root, (error, events) => take(error, events), {ignore})
  }

  function take(error: Error | null, events: readonly Event[]): void {
    if (isOver) return
    if (error !== null) {
      lose(error.message)
      return
    }
    if (events.some(({path, type}) => path === root && type === 'delete')) lose('it is gone')
    const synced = events.filter(({path}) => isSynced(relative(root, path), isLeftOut))
    if (synced.length === 0) return
    changed()
    const made = synced.flatMap(({path, type}) => (type === 'create' ? [path] : []))
    void Promise.all(made.map(hasFolders)).then((found) => {
      if (found.includes(true)) renewals.request()
    })
  }

  /** A folder made in a new one before that is watched is not (@parcel/watcher 2.6, InotifyBackend.cc): all are looked for anew. */
  async function renew(): Promise<void> {
    if (isOver) return
    await subscription?.unsubscribe()
    subscription = await subscribe()
    // Nobody watched for a moment.
    changed()
  }

  try {
    // What changes is told by real paths.
    root = await realpath(folder)
    subscription = await subscribe()
  } catch (error) {
    lose(firstLineOf(error))
    return undefined
  }
  return {
    async close() {
      isOver = true
      await renewals.settled()
      await subscription?.unsubscribe()
    },
  }
}

async function hasFolders(path: string): Promise<boolean> {
  const entries = await readdir(path, {withFileTypes: true}).catch(() => [])
  return entries.some((entry) => entry.isDirectory())
}

function firstLineOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
}

/** Mutagen's own files are on their way to their names (mutagen 0.18, pkg/filesystem/temporary.go). */
const TEMPORARY = '.mutagen-temporary-'

function isSynced(path: string, isLeftOut: IgnoreMatcher): boolean {
  const names = path.split(sep)
  if (names.at(-1)?.startsWith(TEMPORARY) === true) return false
  // Whether the last is a folder nobody knows any more where it is gone: then one flush may be made for nothing.
  return !names.some((_, index) => isLeftOut(names.slice(0, index + 1).join('/'), index < names.length - 1))
}

/** Names of folders that are left out at any depth. */
function namesLeftOut({ignores}: WatchFolderOptions['settings'], isLeftOut: IgnoreMatcher): string[] {
  const plain = ignores.map((pattern) => pattern.replace(/\/$/, '')).filter((name) => /^[\w.@-]+$/.test(name))
  return [...new Set([...plain, '.git', '.svn', '.hg'])].filter((name) => isLeftOut(name, true))
}
