import type {Engine} from '../../engine/engine.js'
import {RefusedError} from '../../error/keg-error.js'
import {printable} from '../../terminal/text.js'
import {sessionBranch} from '../../branch/sync/branch-guard.js'
import {sessionsInto} from '../../mutagen/into-container.js'
import {commandFor} from '../../mutagen/session-health.js'
import {isManaged, labelValue, SYNC_LABELS} from '../../mutagen/session-labels.js'
import type {SyncSession} from '../../mutagen/session.js'
import type {ExistingSessions, SyncPlace, SyncWork} from './model.js'
import {nameOf, shownName} from '../../container/container-name.js'

/**
 * Sorts sessions by what they mean for a new one.
 * @param sessions all of Mutagen's sessions
 * @throws RefusedError `sync-taken` if another session writes the same files
 */
export async function sortSessions(
  {engine, environment}: Pick<SyncWork, 'engine' | 'environment'>,
  sessions: readonly SyncSession[],
  place: SyncPlace,
): Promise<ExistingSessions> {
  const same = sessions
    .filter((session) => isManaged(session) && isAt(session, place))
    .toSorted((left, right) => (left.created < right.created ? -1 : 1))
  const {container, remote} = place
  const {endpoint} = engine
  const into = await sessionsInto({environment}, sessions, {id: container.Id, name: nameOf(container), endpoint})
  const rival = into.find((session) => !same.includes(session) && writes(session, remote))
  if (rival !== undefined) throw taken(rival, place)
  const gone: SyncSession[] = []
  const otherBranches: SyncSession[] = []
  for (const session of sessions) {
    if (!isManaged(session) || same.includes(session) || session.alpha.path !== place.local) continue
    if (await isOfGone(session, place, engine)) gone.push(session)
    else if (!session.isPaused && (await isOfOtherBranch(session, place, environment))) otherBranches.push(session)
  }
  const others = sessions.filter((session) => !same.includes(session) && !gone.includes(session))
  const [first] = same
  const bound = first && (await sessionBranch(first, environment))
  return {same, bound, gone, otherBranches, others}
}

function isAt({alpha, beta}: SyncSession, {container, local, remote}: SyncPlace): boolean {
  return alpha.path === local && beta.host === container.Id && beta.path === remote
}

/** Whether an endpoint of a session is that folder of a container. */
function writes({alpha, beta}: SyncSession, remote: string): boolean {
  return [alpha, beta].some(({path, protocol}) => protocol === 'docker' && path === remote)
}

async function isOfGone({beta, labels}: SyncSession, {container, remote}: SyncPlace, engine: Engine): Promise<boolean> {
  if (beta.host === undefined || beta.path !== remote) return false
  if (labels[SYNC_LABELS.containerName] !== labelValue(nameOf(container))) return false
  // The containers of another engine cannot be listed here.
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
  const maker = isManaged(session) ? 'keg' : 'somebody'
  const folder = session.alpha.protocol === 'local' ? session.alpha.path : session.beta.path
  return new RefusedError(
    `${printable(remote)} in ${shownName(container)} is already synced with ${printable(folder)}, by the session ${printable(session.name ?? session.id)} that ${maker} made.`,
    {
      code: 'sync-taken',
      hint: `Two syncs of the same files conflict. End that one first: ${commandFor(session, 'terminate')}`,
      data: {session: session.id, name: session.name ?? null},
    },
  )
}
