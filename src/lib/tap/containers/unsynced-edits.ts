import {lstat} from 'node:fs/promises'
import {join} from 'node:path'
import type {EngineWork} from '../../engine/engine-work.js'
import {CHANGE} from '../../engine/types.js'
import {isSameFile} from '../../sync/create/replica-losses.js'
import {readTar} from '../../tar/read-tar.js'
import {bytesToText} from '../../tar/tar-header.js'
import {isLeftOut, type PathChange, type SyncedFolder} from './own-changes.js'
import {below} from '../../tar/path.js'

/** Where to look. */
export interface EditsPlace {
  /** Id. */
  readonly container: string
  readonly changes: readonly PathChange[]
}

/**
 * Files in a folder whose sync does not work at the moment that are newer in the container than on this machine, and differ:
 * they were edited in the container.
 * @returns their paths in the container
 */
export async function unsyncedEdits(
  {engine, signal}: Pick<EngineWork, 'engine' | 'signal'>,
  folder: Pick<SyncedFolder, 'isIgnored' | 'local' | 'remote'>,
  {changes, container}: EditsPlace,
): Promise<string[]> {
  const changed = new Set(
    changes.flatMap(({Kind, Path}) => (Kind === CHANGE.deleted ? [] : below(folder.remote, Path) || [])),
  )
  if (changed.size === 0) return []
  const edited: string[] = []
  for await (const {content, header} of readTar(await engine.archive(container, folder.remote, signal))) {
    const path = bytesToText(header.path).split('/').slice(1).join('/').replace(/\/$/, '')
    if (header.type !== 'file' || !changed.has(path) || isLeftOut(path, false, folder)) continue
    const here = await lstat(join(folder.local, path)).catch(() => undefined)
    // Files missing on this machine are found by the container's changes.
    if (here === undefined || header.mtime <= here.mtimeMs / 1000) continue
    if (!(await isSameFile(join(folder.local, path), header, content))) edited.push(`${folder.remote}/${path}`)
  }
  return edited
}
