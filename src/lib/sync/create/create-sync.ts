import {randomUUID} from 'node:crypto'
import {engineEnvironment} from '../../engine/connection-environment.js'
import {Engine} from '../../engine/engine.js'
import {FailedError} from '../../error/keg-error.js'
import {nameOf} from '../../target/find-target.js'
import type {ProgressListener} from '../../terminal/progress.js'
import {count, printable} from '../../terminal/text.js'
import {sessionBranch} from '../branch/branch-guard.js'
import {makeLikeFolder, replacesFirst, type FirstSync} from './first-sync.js'
import {createResult, plannedResult, type CreateSyncResult} from './create-result.js'
import {Mutagen} from '../mutagen.js'
import {endRun, foresee, obtainSession, type ObtainedSession} from './obtain-session.js'
import {planSync, type SyncPlan, type SyncWishes} from './plan-sync.js'
import {confirmLosses, findReplicaLosses, type ReplicaLosses} from './replica-losses.js'
import {troublesOf} from '../session-health.js'
import {checkSessionName} from './session-name.js'
import type {SyncSession} from '../session.js'
import {troubleLines} from '../sync-text.js'
import {SYNC_STAGE, waitUntilSynced} from './wait-until-synced.js'

/** Which folders to sync, and how. */
export interface CreateSyncOptions extends SyncWishes {
  /** `--name`. */
  readonly name: string | undefined
  /** What it is called where no name is given, with a number where another has that; default: the container's name. */
  readonly usualName?: string
  /** Whether to wait for the first sync. */
  readonly wait: boolean
  /** What the first sync does to the code that the container has already; default: merge. */
  readonly firstSync?: FirstSync
  /** Warns of conflicts and of files that cannot be written, instead of failing because of them. */
  readonly tellsTroubles?: boolean
  /** What is open already; the caller closes it. */
  readonly connection?: SyncConnection
  /** Only say what would be done. */
  readonly dryRun: boolean
  /** Takes a line for the person at the terminal. */
  readonly say: (line: string) => void
  readonly progress: ProgressListener
}

/** An engine, and the Mutagen whose new sessions lead to it: found with the environment that `engineEnvironment` makes. */
export interface SyncConnection {
  readonly engine: Engine
  readonly mutagen: Mutagen
}

/**
 * Syncs a folder of this machine with one in a container, and waits until they are the same. A sync that is there already is
 * used again. One whose first cycle met with conflicts or files that cannot be written stays: it goes on once they are
 * mended. A signal leaves none behind that was made here.
 * @throws the errors of its parts; FailedError `sync-conflicts`, `sync-problems`
 */
export async function createSync(options: CreateSyncOptions): Promise<CreateSyncResult> {
  const {connection, environment, name, signal} = options
  if (name !== undefined) checkSessionName(name)
  if (connection !== undefined) return createThrough(connection, options)
  await using engine = await Engine.connect(environment, signal)
  const mutagen = await Mutagen.find(engineEnvironment(environment, engine.endpoint))
  return await createThrough({engine, mutagen}, options)
}

async function createThrough({engine, mutagen}: SyncConnection, options: CreateSyncOptions): Promise<CreateSyncResult> {
  const {dryRun, environment, firstSync = 'merge', name, signal, usualName} = options
  const run = randomUUID()
  const plan = await planSync(engine, options, run)
  const obtainOptions = {engine, mutagen, plan, name, usualName, run, environment, signal}
  const replaces = await replacesFirst(firstSync, obtainOptions)
  const mayAsk = isReplica(plan) && !replaces
  const foreseen = dryRun || mayAsk ? await foresee(obtainOptions) : undefined
  const losses =
    (mayAsk && foreseen?.current === undefined) || (dryRun && replaces)
      ? await findReplicaLosses({...plan.settings, engine, signal})
      : NOTHING_LOST
  if (dryRun && foreseen !== undefined) return plannedResult(plan, foreseen, losses)
  // Nobody is asked while others wait for their turn.
  await confirmLosses(losses, `${plan.remote} of ${nameOf(plan.container)}`, options)
  if (options.wait) options.progress({stage: SYNC_STAGE, state: 'running', note: 'connecting'})
  try {
    const before = replaces && !isReplica(plan) ? await makeLikeFolder(obtainOptions, options.progress) : undefined
    const obtained = withChanges(before, await obtainSession(obtainOptions))
    tell(obtained, plan, options)
    const {id} = obtained.session
    const waiting = {mutagen, id, progress: options.progress, signal}
    const session = options.wait ? checked(await waitUntilSynced(waiting), options) : obtained.session
    // A label holds only a part of some names.
    const branch = plan.branch ?? (await sessionBranch(session, environment))
    return createResult(session, branch, {...obtained, plan})
  } catch (error) {
    if (signal.aborted) await endRun(mutagen, run)
    throw error
  }
}

/** What was done to other sessions before counts as done for this one. */
function withChanges(before: ObtainedSession | undefined, obtained: ObtainedSession): ObtainedSession {
  if (before === undefined) return obtained
  return {
    ...obtained,
    replaced: [...before.replaced, ...obtained.replaced],
    paused: [...before.paused, ...obtained.paused],
  }
}

/** Whether it makes the container like the folder, and there is something to lose. */
function isReplica({hasRemote, settings}: SyncPlan): boolean {
  return settings.mode === 'one-way-replica' && hasRemote
}

const NOTHING_LOST: ReplicaLosses = {deleted: [], overwritten: []}

/** @throws FailedError `sync-conflicts`, `sync-problems`, where both sides are not the same */
function checked(synced: SyncSession, {say, tellsTroubles = false}: CreateSyncOptions): SyncSession {
  const error = differenceOf(synced)
  if (error === undefined) return synced
  if (!tellsTroubles) throw error
  say(`Warning: ${error.message}\n${error.hint ?? ''}`)
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
      hint: `It goes on with the rest, and with these once they are mended; keg sync terminate ${shown} ends it.`,
      data,
    })
  return new FailedError(
    `The sync ${shown} runs, but ${count(inConflict, 'path is', 'paths are')} different on both sides. Both keep theirs:\n${lines}`,
    {
      code: 'sync-conflicts',
      hint: `It goes on with the rest, and with these once they are settled; keg sync status ${shown} shows them.`,
      data,
    },
  )
}

function tell({paused, replaced}: ObtainedSession, {container, local}: SyncPlan, {say}: CreateSyncOptions): void {
  for (const session of replaced)
    say(
      session.beta.host === container.Id
        ? `The sync ${session.name ?? session.id} had other settings, and is replaced.`
        : `The sync ${session.name ?? session.id} was into a container that is gone, and is replaced.`,
    )
  for (const session of paused)
    say(`Paused the sync ${session.name ?? session.id}: ${local} is on another branch than its container.`)
}
