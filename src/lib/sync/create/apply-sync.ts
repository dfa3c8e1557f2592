import {posix} from 'node:path'
import {isDeepStrictEqual} from 'node:util'
import {Cleanup} from '../../async/cleanup.js'
import {bindBranch} from '../../branch/sync/branch-guard.js'
import {nameOf} from '../../container/container-name.js'
import {FailedError} from '../../error/keg-error.js'
import {withLock} from '../../lock/file-lock.js'
import {troublesOf} from '../../mutagen/session-health.js'
import {containerLabel, labelValue, settingsLabel, SYNC_LABELS} from '../../mutagen/session-labels.js'
import type {SyncSession} from '../../mutagen/session.js'
import {commandLine} from '../../terminal/command-line.js'
import type {ProgressListener} from '../../terminal/progress.js'
import {count, printable} from '../../terminal/text.js'
import {endRun} from '../end-run.js'
import {troubleLines} from '../sync-text.js'
import {createError} from './agent-error.js'
import {ContainerFiles} from './container-files.js'
import {flushAndPauseSession} from './flush-and-pause-session.js'
import {makeRemoteRoot} from './make-remote-root.js'
import type {SyncPlan, SyncWork} from './model.js'
import {observeSessions} from './observe-sync.js'
import {planSession, replacedBy} from './plan-sync.js'
import {SYNC_STAGE, waitUntilSynced} from './wait-until-synced.js'

/**
 * Carries out a plan, so that there is exactly one session, even if others do the same at that time. A failure leaves all
 * other sessions unchanged, and a signal leaves no new session behind. A session whose first cycle met conflicts or files
 * that cannot be written stays: it continues once they are fixed.
 * @returns the session; undefined, and stops, if sessions changed since the plan was made
 * @throws what Mutagen does; MissingError `sync-agent-unfit`, `docker-client-missing`; FailedError `sync-not-replaced`,
 * `sync-unfinished`, `sync-conflicts`, `sync-problems`
 */
export async function applySync(work: SyncWork, plan: SyncPlan): Promise<SyncSession | undefined> {
  const {mutagen, progress, run, signal} = work
  if (plan.waits) progress({stage: SYNC_STAGE, state: 'running', note: 'connecting'})
  try {
    const {
      firstSync,
      session: {name},
    } = plan
    if (firstSync === 'replace' && (await replaceRemote(work, plan)) === undefined) return undefined
    const isBegun = firstSync === 'replace'
    // Changes to other sessions are already done.
    const rest = isBegun ? {...plan, naming: {name}, session: {...plan.session, ended: [], paused: []}} : plan
    const session = await obtainSession(work, rest)
    if (!isBegun && session !== undefined) noticePlan(work, plan)
    if (session === undefined || !plan.waits) return session
    return checked(work, plan, await waitUntilSynced(work, {mutagen, id: session.id}))
  } catch (error) {
    if (signal.aborted) await endRun(mutagen, run)
    throw error
  }
}

/**
 * Makes the container like the folder with a temporary session, which is terminated in any case.
 * @throws FailedError `sync-unfinished`
 */
async function replaceRemote(work: SyncWork, plan: SyncPlan): Promise<SyncSession | undefined> {
  const {mutagen, progress, run, signal} = work
  const settings = {...plan.settings, mode: 'one-way-replica'} as const
  try {
    const session = await obtainSession(work, {...plan, settings})
    if (session === undefined) return undefined
    noticePlan(work, plan)
    // The next session reports the end.
    const running: ProgressListener = (event) => {
      if (event.state === 'running') progress(event)
    }
    await waitUntilSynced({progress: running, signal}, {mutagen, id: session.id})
    await mutagen.terminate(session.id)
    return session
  } catch (error) {
    await endRun(mutagen, run)
    if (!(error instanceof FailedError) || error.code !== 'sync-unfinished') throw error
    throw new FailedError(error.message, {
      code: 'sync-unfinished',
      hint: 'The sync was ended again. Fix that, then create it again.',
      cause: error,
      ...(error.data && {data: error.data}),
    })
  }
}

/** Uses the existing session, or creates it; undefined if the plan no longer applies. */
async function obtainSession(work: SyncWork, plan: SyncPlan): Promise<SyncSession | undefined> {
  // Mutagen accepts a second session with the same endpoints, and both would write the same files.
  return withLock(work, 'sync', async () => {
    const existing = await observeSessions(work, plan)
    if (!isDeepStrictEqual(planSession(existing, plan, plan.settings, plan.naming), plan.session)) return undefined
    return changeSessions(work, plan, existing.same[0])
  })
}

/** @param current the session to keep or replace, in its current state */
async function changeSessions(work: SyncWork, plan: SyncPlan, current: SyncSession | undefined): Promise<SyncSession> {
  const {mutagen, run, signal} = work
  const {action, ended, paused} = plan.session
  for (const {id} of ended) await mutagen.terminate(id)
  const undo = new Cleanup()
  try {
    for (const {id} of paused) {
      undo.add(() => mutagen.resume(id))
      await mutagen.pause(id, signal)
    }
    if (current === undefined) return await create(work, plan)
    if (action === 'keep') return await keep(work, plan, current)
    await flushAndPauseSession(current, plan.settings, work)
    if (!current.isPaused) undo.add(() => mutagen.resume(current.id))
    const session = await create(work, plan)
    await mutagen.terminate(current.id)
    return session
  } catch (error) {
    // Before another session uses the same folders.
    await endRun(mutagen, run).catch(() => undefined)
    await undo[Symbol.asyncDispose]().catch(() => undefined)
    throw error
  }
}

async function keep(
  {environment, mutagen, signal}: SyncWork,
  {session: {binds, resumes}}: SyncPlan,
  current: SyncSession,
): Promise<SyncSession> {
  if (binds !== undefined) await bindBranch(current, binds, environment)
  if (resumes) await mutagen.resume(current.id, signal)
  return {...current, isPaused: false}
}

async function create(work: SyncWork, plan: SyncPlan): Promise<SyncSession> {
  const {engine, environment, mutagen, run, signal} = work
  const {agent, branch, container, makesRemote, remote, session, settings} = plan
  const {name} = session
  const labels = {
    [SYNC_LABELS.own]: '1',
    [SYNC_LABELS.container]: containerLabel(container.Id),
    [SYNC_LABELS.containerName]: labelValue(nameOf(container)),
    ...(branch !== undefined && {[SYNC_LABELS.branch]: labelValue(branch)}),
    [SYNC_LABELS.settings]: settingsLabel(settings),
    [SYNC_LABELS.run]: run,
  }
  const files = new ContainerFiles(engine, container, signal)
  if (makesRemote)
    await makeRemoteRoot(engine, {
      container: container.Id,
      files,
      path: remote,
      permissions: settings.remotePermissions,
      user: agent.user,
    })
  try {
    await mutagen.create({...settings, name, labels}, signal)
  } catch (error) {
    throw await createError(error, {...agent, container, files})
  }
  const made = (await mutagen.list(signal)).find((session) => session.labels[SYNC_LABELS.run] === run)
  if (made !== undefined) {
    if (branch !== undefined) await bindBranch(made, branch, environment)
    return made
  }
  throw new FailedError('Mutagen created the sync, but no longer has it: something ended it.', {
    code: 'sync-unfinished',
    hint: `Create it again: ${commandLine`keg sync create`}`,
  })
}

/** Says what else is done. */
function noticePlan({notice}: SyncWork, plan: SyncPlan): void {
  const {local, session} = plan
  if (session.action !== 'keep') noticeMounts(plan, notice)
  for (const {id, isOfGone, name} of replacedBy(session))
    notice(
      isOfGone
        ? `The sync ${name ?? id} was for a container that is gone, and is replaced.`
        : `The sync ${name ?? id} had other settings, and is replaced.`,
    )
  for (const {id, name} of session.paused)
    notice(`Paused the sync ${name ?? id}: ${local} is on another branch than its container.`)
}

/** Says which mounts are ignored. */
export function noticeMounts({mounts, remote}: SyncPlan, notice: SyncWork['notice']): void {
  if (mounts.length === 0) return
  const places = mounts.map(({path, type}) => printable(`${posix.join(remote, path)} (${type})`))
  notice(`Not synced, because it is mounted in the container: ${places.join(', ')}`)
}

/** @throws FailedError `sync-conflicts`, `sync-problems` if the sides differ */
function checked({notice}: SyncWork, {troubles}: SyncPlan, synced: SyncSession): SyncSession {
  const error = differenceOf(synced)
  if (error === undefined) return synced
  if (troubles === 'fail') throw error
  notice(`Warning: ${error.message}\n${error.hint ?? ''}`)
  return synced
}

function differenceOf(synced: SyncSession): FailedError | undefined {
  const troubles = troublesOf(synced)
  if (troubles.length === 0) return undefined
  const inConflict = synced.conflicts.length + synced.excludedConflicts
  const shown = printable(synced.name ?? synced.id)
  const data = {session: synced.id, name: synced.name ?? null, troubles}
  const lines = troubleLines(troubles, '  ').join('\n')
  if (inConflict === 0)
    return new FailedError(`The sync ${shown} runs, but not everything could be synced:\n${lines}`, {
      code: 'sync-problems',
      hint: `It syncs the rest, and these once they are fixed; ${commandLine`keg sync terminate ${shown}`} ends it.`,
      data,
    })
  return new FailedError(
    `The sync ${shown} runs, but ${count(inConflict, 'path is', 'paths are')} different on both sides. Both keep theirs:\n${lines}`,
    {
      code: 'sync-conflicts',
      hint: `It syncs the rest, and these once they are resolved; ${commandLine`keg sync status ${shown}`} shows them.`,
      data,
    },
  )
}
