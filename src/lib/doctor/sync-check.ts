import {FailedError, MissingError} from '../error/keg-error.js'
import {findContainerFates, type ContainerFate} from '../sync/container-fate.js'
import {sessionIds} from '../sync/mutagen-folder.js'
import {Mutagen} from '../sync/mutagen.js'
import {commandFor, containerNameOf, troublesOf, type SyncTrouble} from '../sync/session-health.js'
import {isOwn} from '../sync/session-labels.js'
import type {SyncSession} from '../sync/session.js'
import {count, printable} from '../terminal/text.js'
import type {Finding} from './check.js'
import type {Connection} from './connection.js'

const MOST_LINES = 10

export interface SyncCheckOptions {
  readonly connecting: Promise<Connection>
  /** Leads to Mutagen. */
  readonly environment: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

/** What is wrong with the syncs that keg made. Nothing is started for it: neither Mutagen where it has no sessions, nor its daemon. */
export async function checkSyncs({connecting, environment, signal}: SyncCheckOptions): Promise<Finding> {
  const sessions = await ownSessions(environment, signal)
  if (sessions === 'no Mutagen') return {status: 'skipped', detail: 'Mutagen is not there'}
  if (sessions === 'no daemon') {
    const number = (await sessionIds(environment)).length
    return {
      status: 'notice',
      detail: `Mutagen's daemon does not run, so nothing is synced (${count(number, 'sync')}, keg's and others)`,
      remedy: 'keg sync list',
      data: {syncs: null},
    }
  }
  if (sessions.length === 0) return {status: 'ok', detail: 'none', data: {syncs: []}}

  const {engine} = await connecting
  const fates = engine === undefined ? undefined : await findContainerFates(sessions, {engine, environment})
  const told = sessions.map((session) => tell(session, fates?.get(session) ?? 'unknown'))
  const data = {syncs: told.map(({id, name, status, troubles}) => ({id, name, status, troubles}))}
  const wrong = told.filter(({status}) => status !== 'ok')
  const [first] = wrong
  if (first === undefined) return {status: 'ok', detail: `${count(sessions.length, 'sync')}, nothing wrong`, data}
  const isProblem = wrong.some(({status}) => status === 'problem')
  const lines = wrong.map(({line}) => line)
  return {
    status: isProblem ? 'problem' : 'notice',
    detail: `${wrong.length} of ${count(sessions.length, 'sync')} ${wrong.length === 1 ? 'needs' : 'need'} a look`,
    notes: lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES), 'and more: --json lists all'] : lines,
    remedy: wrong.some(({isGone}) => isGone) ? 'keg doctor --fix' : wrong.length === 1 ? first.remedy : 'keg sync list',
    data,
  }
}

/** The sessions that keg made, or why they cannot be looked at. */
async function ownSessions(
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<SyncSession[] | 'no Mutagen' | 'no daemon'> {
  try {
    const mutagen = await Mutagen.ifUsed(environment, {mayStartDaemon: false})
    return ((await mutagen?.list(signal)) ?? []).filter(isOwn)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof MissingError) return 'no Mutagen'
    // In its own words (mutagen 0.18, cmd/mutagen/daemon/connect.go).
    if (error instanceof FailedError && /unable to connect to daemon/.test(error.message)) return 'no daemon'
    throw error
  }
}

interface ToldSync {
  readonly id: string
  readonly name: string | null
  readonly status: 'ok' | 'notice' | 'problem'
  readonly isGone: boolean
  readonly troubles: readonly SyncTrouble[]
  /** What is wrong and the line that mends it. */
  readonly line: string
  readonly remedy: string
}

function tell(session: SyncSession, fate: ContainerFate): ToldSync {
  const troubles = troublesOf(session)
  const isGone = fate === 'gone'
  const [first] = troubles
  const title = printable(session.name ?? session.id)
  const container = printable(containerNameOf(session) ?? '')
  const told = (status: ToldSync['status'], what: string, remedy: string): ToldSync => ({
    id: session.id,
    name: session.name ?? null,
    status,
    isGone,
    troubles,
    line: `${title}: ${what}: ${remedy}`,
    remedy,
  })
  if (isGone) return told('problem', `its container ${container} is gone`, commandFor(session, 'terminate'))
  if (first === undefined) return told('ok', '', '')
  if (first.kind === 'disconnected' && fate === 'stopped')
    return told('notice', `its container ${container} does not run`, `docker start ${container}`)
  const what = troubles.length === 1 ? first.detail : `${first.kind} and ${count(troubles.length - 1, 'more trouble')}`
  return told('problem', what, commandFor(session, 'status'))
}
