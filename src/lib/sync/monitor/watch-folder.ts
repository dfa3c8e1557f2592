import {realpath} from 'node:fs/promises'
import {relative, sep} from 'node:path'
import {ignoreMatcher, type IgnoreMatcher} from '../ignore/ignore-matcher.js'
import type {SyncSettings} from '../session.js'

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
  try {
    // Its native part is there for the usual systems, not for all.
    const {default: watcher} = await import('@parcel/watcher')
    // What changes is told by real paths.
    const root = await realpath(folder)
    let isLost = false
    const lose = (reason: string): void => {
      if (!isLost) lost(reason)
      isLost = true
    }
    const subscription = await watcher.subscribe(
      root,
      (error, events) => {
        if (error !== null) {
          lose(error.message)
          return
        }
        if (events.some(({path, type}) => path === root && type === 'delete')) lose('it is gone')
        if (events.some(({path}) => isSynced(relative(root, path), isLeftOut))) changed()
      },
      {ignore: namesLeftOut(settings, isLeftOut).map((name) => `**/${name}`)},
    )
    return {close: async () => subscription.unsubscribe()}
  } catch (error) {
    lost(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error))
    return undefined
  }
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
