import {FailedError, MissingError} from '../error/keg-error.js'
import {findSyncContainerStates, type SyncContainerState} from '../mutagen/container-state.js'
import {sessionIds} from '../mutagen/mutagen-folder.js'
import {Mutagen} from '../mutagen/mutagen.js'
import {commandFor, containerNameOf, troublesOf, type SyncTrouble} from '../mutagen/session-health.js'
import {isManaged} from '../mutagen/session-labels.js'
import type {SyncSession} from '../mutagen/session.js'
import {commandLine} from '../terminal/command-line.js'
import {count, printable} from '../terminal/text.js'
import type {Finding} from './check.js'
import type {Connection} from './connection.js'
import type {Work} from '../work/work.js'

const MAX_LINES = 10

export interface SyncCheckOptions {
  readonly connecting: Promise<Connection>
}

/** The problems of keg's syncs. Starts neither Mutagen if it has no sessions, nor its daemon. */
export async function checkSyncs(
  {environment, signal}: Pick<Work, 'environment' | 'signal'>,
  {connecting}: SyncCheckOptions,
): Promise<Finding> {
  const sessions = await ownSessions(environment, signal)
  if (sessions === 'no Mutagen') return {status: 'skipped', detail: 'Mutagen is not installed'}
  if (sessions === 'no daemon') {
    const number = (await sessionIds(environment)).length
    return {
      status: 'notice',
      detail: `the Mutagen daemon is not running, so nothing is synced (${count(number, 'sync')}, of keg and others)`,
      remedy: commandLine`keg sync list`,
      data: {syncs: null},
    }
  }
  if (sessions.length === 0) return {status: 'ok', detail: 'none', data: {syncs: []}}

  const {engine} = await connecting
  const fates = engine === undefined ? undefined : await findSyncContainerStates(sessions, {engine, environment})
  const reports = sessions.map((session) => reportSync(session, fates?.get(session) ?? 'unknown'))
  const data = {syncs: reports.map(({id, name, status, troubles}) => ({id, name, status, troubles}))}
  const wrong = reports.filter(({status}) => status !== 'ok')
  const [first] = wrong
  if (first === undefined) return {status: 'ok', detail: `${count(sessions.length, 'sync')}, nothing wrong`, data}
  const isProblem = wrong.some(({status}) => status === 'problem')
  const lines = wrong.map(({line}) => line)
  return {
    status: isProblem ? 'problem' : 'notice',
    detail: `${wrong.length} of ${count(sessions.length, 'sync')} ${wrong.length === 1 ? 'has a problem' : 'have problems'}`,
    notes: lines.length > MAX_LINES ? [...lines.slice(0, MAX_LINES), 'and more: --json lists all'] : lines,
    remedy: wrong.some(({isGone}) => isGone)
      ? commandLine`keg doctor --fix`
      : wrong.length === 1
        ? first.remedy
        : commandLine`keg sync list`,
    data,
  }
}

/** keg's sessions, or why they cannot be listed. */
async function ownSessions(
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<SyncSession[] | 'no Mutagen' | 'no daemon'> {
  try {
    const mutagen = await Mutagen.ifUsed(environment, {mayStartDaemon: false})
    return ((await mutagen?.list(signal)) ?? []).filter(isManaged)
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof MissingError) return 'no Mutagen'
    // Mutagen's own words (mutagen 0.18, cmd/mutagen/daemon/connect.go).
    if (error instanceof FailedError && /unable to connect to daemon/.test(error.message)) return 'no daemon'
    throw error
  }
}

interface SyncReport {
  readonly id: string
  readonly name: string | null
  readonly status: 'ok' | 'notice' | 'problem'
  readonly isGone: boolean
  readonly troubles: readonly SyncTrouble[]
  /** The problem, and how to fix it. */
  readonly line: string
  readonly remedy: string
}

function reportSync(session: SyncSession, fate: SyncContainerState): SyncReport {
  const troubles = troublesOf(session)
  const isGone = fate === 'gone'
  const [first] = troubles
  const title = printable(session.name ?? session.id)
  const container = printable(containerNameOf(session) ?? '')
  const reports = (status: SyncReport['status'], what: string, remedy: string): SyncReport => ({
    id: session.id,
    name: session.name ?? null,
    status,
    isGone,
    troubles,
    line: `${title}: ${what}: ${remedy}`,
    remedy,
  })
  if (isGone) return reports('problem', `its container ${container} is gone`, commandFor(session, 'terminate'))
  if (first === undefined) return reports('ok', '', '')
  if (first.kind === 'disconnected' && fate === 'stopped')
    return reports('notice', `its container ${container} is not running`, commandLine`docker start ${container}`)
  const what = troubles.length === 1 ? first.detail : `${first.kind} and ${count(troubles.length - 1, 'more problem')}`
  return reports('problem', what, commandFor(session, 'status'))
}
