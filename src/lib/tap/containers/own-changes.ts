import {lstat} from 'node:fs/promises'
import {join} from 'node:path'
import {CHANGE} from '../../engine/types.js'
import {reproducibleRoot, type CodeFolder} from './reproducible.js'
import {below, isWithin, parentPaths} from '../../tar/path.js'

/** A path that a container changed against its image. */
export interface PathChange {
  readonly Path: string
  readonly Kind: number
}

/** What would be lost with a container. */
export interface ContainerLosses {
  /** Paths in it that exist nowhere else, in order. */
  readonly lost: readonly string[]
  /** Folders that can be recreated: dependencies, and build output. */
  readonly reproducible: readonly string[]
}

/** A folder that is synced with one of this machine. */
export interface SyncedFolder extends CodeFolder {
  /** Whether the sync ignores a path. @param path below the folder, without a slash at either end */
  readonly isIgnored: (path: string, isFolder: boolean) => boolean
  /** Paths in the container that the sync could not transfer. */
  readonly unsynced: readonly string[]
}

/** What is known about a container besides its changes. */
export interface ChangePlaces {
  /** Folders that are not part of the container itself. */
  readonly mounts: readonly string[]
  /** Paths that the engine or docker compose creates in it. */
  readonly provided: readonly string[]
  readonly synced: readonly SyncedFolder[]
  /** Folders of code, synced or not. */
  readonly code: readonly CodeFolder[]
}

/** What the engine itself creates in a container, and temporary files of programs. */
const NOISE =
  /^\/(?:\.dockerenv|dev|proc|sys|run|tmp|var\/(?:cache|log|run|tmp)|etc\/(?:hostname|hosts|mtab|resolv\.conf))(?:\/|$)/

/** What shells, package managers and Mutagen's agent leave in home folders. */
const TRACES =
  /\/(?:\.(?:ash|bash|node_repl|python|sh|zsh)_history|\.cache|\.mutagen|\.mutagen-temporary-[^/]*|\.npm|\.yarn-cache|\.lesshst|\.viminfo)(?:\/|$)/

/** Whether a path is temporary. */
export function isPassing(path: string): boolean {
  return NOISE.test(path) || TRACES.test(path)
}

/**
 * What would be lost with a container: its changes against its image, without mounts, files from compose, what every
 * container has, and what is synced to this machine. What a sync ignores is only in the container. Folders are left out if
 * something below them is listed.
 */
export async function ownChanges(changes: readonly PathChange[], places: ChangePlaces): Promise<ContainerLosses> {
  const {code, mounts, provided, synced} = places
  // A folder counts as changed if anything in it does, even noise or a mount.
  const parents = new Set(changes.flatMap(({Path}) => parentPaths(Path)))
  for (const path of [...mounts, ...provided, ...synced.map(({remote}) => remote)])
    for (const parent of parentPaths(path)) parents.add(parent)
  const lost = new Set(synced.flatMap(({unsynced}) => unsynced))
  const reproducible = new Set<string>()
  for (const change of changes) {
    const {Kind, Path} = change
    if (isPassing(Path) || provided.includes(Path) || mounts.some((mount) => isWithin(Path, mount))) continue
    if (Kind !== CHANGE.deleted && parents.has(Path)) continue
    if (await isKept(change, synced)) continue
    const root = await reproducibleRoot(Path, [...synced, ...code])
    if (root === undefined) lost.add(Path)
    else reproducible.add(root)
  }
  return {lost: [...lost].sort(), reproducible: [...reproducible].sort()}
}

/** Whether a synced path is on this machine, too. A deletion is no loss. */
async function isKept({Kind, Path}: PathChange, synced: readonly SyncedFolder[]): Promise<boolean> {
  const [folder] = synced
    .filter(({remote}) => isWithin(Path, remote))
    .toSorted((one, other) => other.remote.length - one.remote.length)
  if (folder === undefined) return false
  const path = below(folder.remote, Path) ?? ''
  if (path === '' || Kind === CHANGE.deleted) return true
  const here = await lstat(join(folder.local, path)).catch(() => undefined)
  // If this machine does not have it, its type only matters to patterns for folders: mostly its parents decide.
  return here !== undefined && !isLeftOut(path, here.isDirectory(), folder)
}

/** Whether a sync ignores a path or one of its parent folders. */
export function isLeftOut(path: string, isFolder: boolean, {isIgnored}: Pick<SyncedFolder, 'isIgnored'>): boolean {
  return isIgnored(path, isFolder) || parentPaths(path).some((folder) => isIgnored(folder, true))
}
