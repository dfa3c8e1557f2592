import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails} from '../../engine/types.js'
import {RefusedError} from '../../error/keg-error.js'
import {nameOf} from '../../target/find-target.js'
import {printable} from '../../terminal/text.js'
import {sessionBranch} from '../branch/branch-guard.js'
import {sessionsInto} from '../into-container.js'
import {commandFor} from '../session-health.js'
import {isOwn, labelValue, SYNC_LABELS} from '../session-labels.js'
import type {SyncSession} from '../session.js'

/** What a sync is to connect. */
export interface SyncPlace {
  readonly container: ContainerDetails
  /** Folder of this machine. */
  readonly local: string
  /** Folder in the container. */
  readonly remote: string
  /** The branch that it is for; undefined where nobody knows. */
  readonly branch: string | undefined
}

/** What there is already that a new session has to do with. */
export interface ExistingSessions {
  /** keg's own with the same sides, the oldest first. */
  readonly same: readonly SyncSession[]
  /** keg's own into a container of that name that is gone. */
  readonly gone: readonly SyncSession[]
  /** keg's own that sync the folder into a container of another branch, and run. */
  readonly otherBranches: readonly SyncSession[]
  /** All that stay beside the new one, whoever made them. */
  readonly others: readonly SyncSession[]
}

/** Sorts out all sessions of this Mutagen. @throws RefusedError `sync-taken` where another writes the same files */
export async function findExisting(
  sessions: readonly SyncSession[],
  place: SyncPlace,
  engine: Engine,
  environment: NodeJS.ProcessEnv,
): Promise<ExistingSessions> {
  const same = sessions.filter((session) => isOwn(session) && isAt(session, place))
  const {container, remote} = place
  const {endpoint} = engine
  const into = await sessionsInto(sessions, {id: container.Id, name: nameOf(container), endpoint, environment})
  const rival = into.find((session) => !same.includes(session) && writes(session, remote))
  if (rival !== undefined) throw taken(rival, place)
  const gone: SyncSession[] = []
  const otherBranches: SyncSession[] = []
  for (const session of sessions) {
    if (!isOwn(session) || same.includes(session) || session.alpha.path !== place.local) continue
    if (await isOfGone(session, place, engine)) gone.push(session)
    else if (!session.isPaused && (await isOfOtherBranch(session, place, environment))) otherBranches.push(session)
  }
  const others = sessions.filter((session) => !same.includes(session) && !gone.includes(session))
  return {same: same.toSorted((left, right) => (left.created < right.created ? -1 : 1)), gone, otherBranches, others}
}

function isAt({alpha, beta}: SyncSession, {container, local, remote}: SyncPlace): boolean {
  return alpha.path === local && beta.host === container.Id && beta.path === remote
}

/** Whether a session has that folder of a container as one of its sides. */
function writes({alpha, beta}: SyncSession, remote: string): boolean {
  return [alpha, beta].some(({path, protocol}) => protocol === 'docker' && path === remote)
}

async function isOfGone({beta, labels}: SyncSession, {container, remote}: SyncPlace, engine: Engine): Promise<boolean> {
  if (beta.host === undefined || beta.path !== remote) return false
  if (labels[SYNC_LABELS.containerName] !== labelValue(nameOf(container))) return false
  // What another engine has cannot be seen here.
  const isOfEngine = Object.entries(engine.endpoint.selection).every(
    ([name, value]) => beta.environment[name] === value,
  )
  return isOfEngine && (await engine.container(beta.host)) === undefined
}

async function isOfOtherBranch(
  session: SyncSession,
  {branch, container}: SyncPlace,
  environment: NodeJS.ProcessEnv,
): Promise<boolean> {
  if (branch === undefined || session.beta.host === container.Id) return false
  const other = await sessionBranch(session, environment)
  return other !== undefined && other !== branch && other !== labelValue(branch)
}

function taken(session: SyncSession, {container, remote}: SyncPlace): RefusedError {
  const maker = isOwn(session) ? 'keg' : 'somebody'
  const folder = session.alpha.protocol === 'local' ? session.alpha.path : session.beta.path
  return new RefusedError(
    `${printable(remote)} in ${printable(nameOf(container))} is synced with ${printable(folder)} already, by the session ${printable(session.name ?? session.id)} that ${maker} made.`,
    {
      code: 'sync-taken',
      hint: `Two syncs of the same files get in each other's way. End that one first: ${commandFor(session, 'terminate')}`,
      data: {session: session.id, name: session.name ?? null},
    },
  )
}
