import type {AsyncSubscription, Event} from '@parcel/watcher'
import {readdir, realpath} from 'node:fs/promises'
import {relative, sep} from 'node:path'
import {ignoreMatcher, type IgnoreMatcher} from '../../git/ignore/ignore-matcher.js'
import type {SyncSettings} from '../../mutagen/session.js'
import {OneAtATime} from '../../async/one-at-a-time.js'

export interface WatchFolderOptions {
  readonly folder: string
  /** What the session ignores, which is not reported. */
  readonly settings: Pick<SyncSettings, 'ignores' | 'ignoresVersionControl'>
  /** Something synced changed, at these paths below the folder if known; at most every 50 ms. */
  readonly changed: (paths: readonly string[]) => void
  /** The folder cannot be watched any more; called once, with no change after it. */
  readonly lost: (reason: string) => void
}

export interface FolderWatch {
  close(): Promise<void>
}

/**
 * Watches a folder through the file system's notifications. Folders that are ignored by name at any depth, such as
 * node_modules, are not even read.
 * @returns undefined if that is not possible: then `lost` got the reason
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
    // Its native part exists only for the usual systems.
    const {default: watcher} = await import('@parcel/watcher')
    return watcher.subscribe(root, (error, events) => onEvents(error, events), {ignore})
  }

  function onEvents(error: Error | null, events: readonly Event[]): void {
    if (isOver) return
    if (error !== null) {
      lose(error.message)
      return
    }
    if (events.some(({path, type}) => path === root && type === 'delete')) lose('it is gone')
    const synced = events.filter(({path}) => isSynced(relative(root, path), isLeftOut))
    if (synced.length === 0) return
    changed(synced.map(({path}) => relative(root, path).split(sep).join('/')))
    const made = synced.flatMap(({path, type}) => (type === 'create' ? [path] : []))
    void Promise.all(made.map(hasFolders)).then((found) => {
      if (found.includes(true)) renewals.request()
    })
  }

  /**
   * A folder created in a new folder before that is watched gets lost (@parcel/watcher 2.6, InotifyBackend.cc), so subscribe
   * again.
   */
  async function renew(): Promise<void> {
    if (isOver) return
    await subscription?.unsubscribe()
    subscription = await subscribe()
    // Nothing was watched for a moment.
    changed([])
  }

  try {
    // Changes are reported with real paths.
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

/** Mutagen's temporary files, before they are renamed (mutagen 0.18, pkg/filesystem/temporary.go). */
const TEMPORARY = '.mutagen-temporary-'

function isSynced(path: string, isLeftOut: IgnoreMatcher): boolean {
  const names = path.split(sep)
  if (names.at(-1)?.startsWith(TEMPORARY) === true) return false
  // Whether a removed path was a folder is unknown: a flush may be unnecessary.
  return !names.some((_, index) => isLeftOut(names.slice(0, index + 1).join('/'), index < names.length - 1))
}

/** Names of folders that are ignored at any depth. */
function namesLeftOut({ignores}: WatchFolderOptions['settings'], isLeftOut: IgnoreMatcher): string[] {
  const plain = ignores.map((pattern) => pattern.replace(/\/$/, '')).filter((name) => /^[\w.@-]+$/.test(name))
  return [...new Set([...plain, '.git', '.svn', '.hg'])].filter((name) => isLeftOut(name, true))
}
