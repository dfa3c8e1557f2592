import {setTimeout as sleep} from 'node:timers/promises'
import type {Engine} from '../../engine/engine.js'
import {FailedError} from '../../error/keg-error.js'
import {Cleanup} from '../../package/cleanup.js'
import {nameOf} from '../../target/find-target.js'
import {bindBranch, sessionBranch} from '../branch/branch-guard.js'
import {checkAgent, createError} from './create-error.js'
import {inTurn} from '../../config/turn.js'
import {findExisting, type ExistingSessions} from './existing-sessions.js'
import {holdStill} from './hold-still.js'
import {makeRemoteRoot} from './make-remote-root.js'
import {sessionIds} from '../mutagen-folder.js'
import type {Mutagen} from '../mutagen.js'
import type {SyncPlan} from './plan-sync.js'
import {isConnected, isHalted} from '../session-health.js'
import {containerLabel, labelValue, settingsLabel, SYNC_LABELS} from '../session-labels.js'
import {sessionName} from './session-name.js'
import type {SyncSession} from '../session.js'

export interface ObtainOptions {
  readonly engine: Engine
  readonly mutagen: Mutagen
  readonly plan: SyncPlan
  /** `--name`. */
  readonly name: string | undefined
  /** What it is called where no name is given; undefined takes the container's name. */
  readonly usualName?: string | undefined
  /** Id of this run of keg. */
  readonly run: string
  readonly environment: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

/** The one session that connects the two folders. */
export interface ObtainedSession {
  readonly session: SyncSession
  /** Whether it was made now, and not there before. */
  readonly isCreated: boolean
  /** Whether it was there, and went on. */
  readonly isResumed: boolean
  /** Sessions that were ended for it. */
  readonly replaced: readonly SyncSession[]
  /** Sessions of other branches from the same folder, which were paused. */
  readonly paused: readonly SyncSession[]
}

/**
 * Takes the session that is there, or makes it, so that there is one and no more, whoever else does the same at that time.
 * What fails leaves all others as they were.
 * @throws what its parts do; FailedError `sync-not-replaced`
 */
export async function obtainSession(options: ObtainOptions): Promise<ObtainedSession> {
  // Mutagen takes a second session with the same sides without a word, and both would write the same files.
  return inTurn('sync', options, async () => obtain(options))
}

async function obtain(options: ObtainOptions): Promise<ObtainedSession> {
  const {engine, environment, mutagen, plan, signal} = options
  const existing = await findExisting(await mutagen.list(signal), plan, engine, environment)
  const [current, ...doubles] = existing.same
  for (const {id} of [...existing.gone, ...doubles]) await mutagen.terminate(id)
  const undo = new Cleanup()
  try {
    for (const {id} of existing.otherBranches) {
      undo.add(() => mutagen.resume(id))
      await mutagen.pause(id, signal)
    }
    const ended = [...existing.gone, ...doubles]
    const paused = existing.otherBranches
    if (current !== undefined && isAsPlanned(current, options)) {
      const isResumed = await goOn(current, options)
      const session = {...current, isPaused: false}
      return {session, isCreated: false, isResumed, replaced: ended, paused}
    }
    if (current !== undefined) {
      await holdStill(current, mutagen, signal)
      if (!current.isPaused) undo.add(() => mutagen.resume(current.id))
    }
    const session = await create(existing, options)
    if (current !== undefined) await mutagen.terminate(current.id)
    const replaced = current === undefined ? ended : [...ended, current]
    return {session, isCreated: true, isResumed: false, replaced, paused}
  } catch (error) {
    // Before another goes on with the same folders.
    await endRun(mutagen, options.run).catch(() => undefined)
    await undo[Symbol.asyncDispose]().catch(() => undefined)
    throw error
  }
}

/** What {@link obtainSession} would do now. */
export interface ForeseenSession {
  /** The session that would be used again. */
  readonly current: SyncSession | undefined
  readonly name: string
  readonly replaced: readonly SyncSession[]
  readonly paused: readonly SyncSession[]
}

/** Looks what there is, and touches nothing; a Mutagen that has no session is not started. @throws as obtainSession */
export async function foresee(options: ObtainOptions): Promise<ForeseenSession> {
  const {engine, environment, mutagen, plan, signal} = options
  const isUsed = (await sessionIds(environment)).length > 0
  const sessions = isUsed ? await mutagen.list(signal) : []
  const existing = await findExisting(sessions, plan, engine, environment)
  const [former, ...doubles] = existing.same
  const current = former !== undefined && isAsPlanned(former, options) ? former : undefined
  const replaced = [...existing.gone, ...doubles, ...(former === undefined || current !== undefined ? [] : [former])]
  return {current, name: current?.name ?? newName(existing, options), replaced, paused: existing.otherBranches}
}

/**
 * Ends what a run of keg made, however far it came. Mutagen may just be about to have made it: it hears of the end of its client
 * a little later.
 */
export async function endRun(mutagen: Mutagen, run: string): Promise<void> {
  for (const wait of [0, LATE_MILLISECONDS]) {
    await sleep(wait)
    for (const {id, labels} of await mutagen.list()) if (labels[SYNC_LABELS.run] === run) await mutagen.terminate(id)
  }
}

const LATE_MILLISECONDS = 300

function isAsPlanned({labels, name}: SyncSession, options: ObtainOptions): boolean {
  const isNamed = options.name === undefined || options.name === name
  return isNamed && labels[SYNC_LABELS.settings] === settingsLabel(options.plan.settings)
}

/** @returns whether the session had stood still */
async function goOn(session: SyncSession, {environment, mutagen, plan, signal}: ObtainOptions): Promise<boolean> {
  const bound = await sessionBranch(session, environment)
  if (plan.branch !== undefined && bound !== plan.branch && bound !== labelValue(plan.branch))
    await bindBranch(session, plan.branch, environment)
  if (isHalted(session.status) || (!session.isPaused && isConnected(session))) return false
  await mutagen.resume(session.id, signal)
  return true
}

async function create(existing: ExistingSessions, options: ObtainOptions): Promise<SyncSession> {
  const {engine, environment, mutagen, plan, run, signal} = options
  const {agent, branch, container, files, hasRemote, remote, settings} = plan
  const name = newName(existing, options)
  const labels = {
    [SYNC_LABELS.own]: '1',
    [SYNC_LABELS.container]: containerLabel(container.Id),
    [SYNC_LABELS.containerName]: labelValue(nameOf(container)),
    ...(branch !== undefined && {[SYNC_LABELS.branch]: labelValue(branch)}),
    [SYNC_LABELS.settings]: settingsLabel(settings),
    [SYNC_LABELS.run]: run,
  }
  if (!hasRemote) {
    // A folder that nothing is synced with then would stay behind.
    await checkAgent(agent)
    const permissions = settings.remotePermissions
    await makeRemoteRoot({engine, container: container.Id, files, path: remote, permissions, user: agent.user})
  }
  try {
    await mutagen.create({...settings, name, labels}, signal)
  } catch (error) {
    throw await createError(error, agent)
  }
  const made = (await mutagen.list(signal)).find((session) => session.labels[SYNC_LABELS.run] === run)
  if (made !== undefined) {
    if (branch !== undefined) await bindBranch(made, branch, environment)
    return made
  }
  throw new FailedError('Mutagen made the sync, and has it no more: somebody ended it.', {
    code: 'sync-unfinished',
    hint: 'Make it again: keg sync create',
  })
}

/** One that takes the place of another has its name. */
function newName(existing: ExistingSessions, {name, plan, usualName}: ObtainOptions): string {
  const [former] = [...existing.same, ...existing.gone]
  return sessionName(name, former?.name ?? usualName ?? nameOf(plan.container), existing.others)
}
