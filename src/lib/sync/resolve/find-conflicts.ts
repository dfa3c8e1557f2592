import {realpath} from 'node:fs/promises'
import {posix, resolve} from 'node:path'
import {UsageError} from '../../error/keg-error.js'
import {didYouMean} from '../../terminal/closest-word.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import type {SyncConflict, SyncSession} from '../../mutagen/session.js'
import {below} from '../../tar/path.js'

/**
 * The conflicts of a session that paths select: all without a path. A path is below the synced folder, or on this machine,
 * or in the container; it selects the conflict there, those in it, and the one that contains it.
 * @param folder the current folder
 */
export async function conflictsAt(
  session: SyncSession,
  paths: readonly string[],
  folder: string,
): Promise<readonly SyncConflict[]> {
  const {alpha, beta, conflicts} = session
  if (paths.length === 0) return conflicts
  const root = await realpath(alpha.path).catch(() => alpha.path)
  const current = await realpath(folder).catch(() => folder)
  const places = paths.flatMap((path) => {
    const clean = posix.normalize(path).replace(/(?<=.)\/+$/, '')
    const here = below(root, resolve(current, path))
    const there = clean.startsWith('/') ? below(beta.path, clean) : undefined
    return [here, there, clean].filter((place) => place !== undefined)
  })
  return conflicts.filter(({root: at}) =>
    places.some((place) => below(`/${place}`, `/${at}`) !== undefined || below(`/${at}`, `/${place}`) !== undefined),
  )
}

/** @throws UsageError `conflict-unknown` if no session has a conflict at one of the paths */
export async function refuseUnknown(
  sessions: readonly SyncSession[],
  paths: readonly string[],
  folder: string,
): Promise<void> {
  for (const path of paths) {
    const found = await Promise.all(sessions.map(async (session) => conflictsAt(session, [path], folder)))
    if (found.some((conflicts) => conflicts.length > 0)) continue
    const all = sessions.flatMap(({conflicts}) => conflicts.map(({root}) => root))
    const names = sessions.map(({id, name}) => name ?? id)
    throw new UsageError(`There is no conflict at ${printable(path)}.`, {
      code: 'conflict-unknown',
      hint:
        all.length === 0
          ? `The sync has no conflicts. See: ${commandLine`keg sync status ${names}`}`
          : `${await didYouMean(path, all)}There are conflicts at: ${all.map((at) => printable(at === '' ? 'the synced folder itself' : at)).join(', ')}.`,
      data: {conflicts: all},
    })
  }
}
