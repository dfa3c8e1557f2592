import {readdir} from 'node:fs/promises'
import {posix} from 'node:path'
import {CHANGE} from '../../engine/types.js'
import {FailedError} from '../../error/keg-error.js'
import type {ProgressListener} from '../../terminal/progress.js'
import {findExisting} from './existing-sessions.js'
import {below} from './local-folder.js'
import {endRun, obtainSession, type ObtainedSession, type ObtainOptions} from './obtain-session.js'
import type {SyncPlan} from './plan-sync.js'
import {findReplicaLosses, type ReplicaLosses} from './replica-losses.js'
import {waitUntilSynced} from './wait-until-synced.js'

/**
 * What the first sync of two folders does to what the container has already: `merge` keeps it, as the mode says; `replace` makes
 * it like the folder of this machine; `replace-unchanged` does that where all that is lost thereby is in the container's image.
 */
export type FirstSync = 'merge' | 'replace' | 'replace-unchanged'

/** Whether the container is to become like the folder before anything is merged. */
export async function replacesFirst(
  firstSync: FirstSync,
  {engine, environment, mutagen, plan, signal}: ObtainOptions,
): Promise<boolean> {
  const {files, hasRemote, local, remote, settings} = plan
  if (firstSync === 'merge' || !hasRemote) return false
  // Such as a submodule that is not checked out: nobody means to have everything deleted.
  if ((await readdir(local)).length === 0) return false
  const {same} = await findExisting(await mutagen.list(signal), plan, engine, environment)
  // What both had in common is known, and settled.
  if (same.length > 0) return false
  if (firstSync === 'replace') return !(await files.isEmpty(remote))
  const losses = await findReplicaLosses({...settings, engine, signal})
  if (losses.deleted.length + losses.overwritten.length === 0) return false
  if (await isPartlyElsewhere(plan)) return false
  const changes = await engine.changes(plan.container.Id, signal)
  const changed = changes.filter(({Kind}) => Kind !== CHANGE.deleted).map(({Path}) => Path)
  return !isAnyChanged(losses, remote, changed)
}

/**
 * Makes the container like the folder by a session of its own, which is ended then. Whatever happens, none is left behind.
 * @throws what obtainSession does; FailedError `sync-unfinished`
 */
export async function makeLikeFolder(options: ObtainOptions, progress: ProgressListener): Promise<ObtainedSession> {
  const {mutagen, plan, run, signal} = options
  const settings = {...plan.settings, mode: 'one-way-replica'} as const
  try {
    const obtained = await obtainSession({...options, plan: {...plan, settings}})
    // The session that follows tells of the end.
    const running: ProgressListener = (event) => {
      if (event.state === 'running') progress(event)
    }
    await waitUntilSynced({mutagen, id: obtained.session.id, progress: running, signal})
    await mutagen.terminate(obtained.session.id)
    return obtained
  } catch (error) {
    await endRun(mutagen, run)
    if (!(error instanceof FailedError) || error.code !== 'sync-unfinished') throw error
    throw new FailedError(error.message, {
      code: 'sync-unfinished',
      hint: 'It was ended again. Mend that, then sync anew.',
      cause: error,
      ...(error.data && {data: error.data}),
    })
  }
}

/** Whether something that would be lost is not as it came with the image. @param changed absolute paths */
export function isAnyChanged(
  {deleted, overwritten}: ReplicaLosses,
  remote: string,
  changed: readonly string[],
): boolean {
  const paths = new Set(changed)
  // A folder stands for all that is in it.
  const within = new Set(deleted.map((path) => posix.join(remote, path)))
  return (
    overwritten.some((path) => paths.has(posix.join(remote, path))) ||
    changed.some((path) => waysTo(path).some((way) => within.has(way)))
  )
}

/** Whether the engine's list of changes does not tell of the folder: mounts are not in it, and its paths have no symlinks. */
async function isPartlyElsewhere({container, files, remote}: SyncPlan): Promise<boolean> {
  const isMounted = container.Mounts.some(
    ({Destination}) => below(Destination, remote) !== undefined || below(remote, Destination) !== undefined,
  )
  if (isMounted) return true
  for (const way of waysTo(posix.dirname(remote))) if ((await files.follow(way)).path !== way) return true
  return false
}

/** A path and all above it but the root. */
function waysTo(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '')
  return names.map((_, index) => `/${names.slice(0, index + 1).join('/')}`)
}
