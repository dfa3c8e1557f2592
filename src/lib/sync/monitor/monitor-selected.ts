import type {Questions} from '../../command/ask.js'
import {Mutagen} from '../mutagen.js'
import {selectSessions} from '../select-sessions.js'
import type {MonitorListener} from './monitor-event.js'
import {monitorSyncs} from './monitor-syncs.js'

/** Which syncs are to be monitored. */
export interface MonitorOptions {
  readonly targets: readonly string[]
  /** All that keg made. */
  readonly all: boolean
  /** The current folder: where nothing is named its sessions are monitored. */
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
  readonly listen: MonitorListener
  readonly questions: Questions
  readonly signal: AbortSignal
}

/** What was monitored to its end. */
export interface MonitorReport {
  /** How many sessions that were. */
  readonly syncs: number
}

/**
 * Monitors syncs of keg's own until all of them are ended.
 * @throws what selectSessions, monitorSyncs and Mutagen do
 */
export async function monitorSelected(options: MonitorOptions): Promise<MonitorReport> {
  const {environment, listen, signal} = options
  const mutagen = await Mutagen.ifUsed(environment)
  const all = (await mutagen?.list(signal)) ?? []
  const found = await selectSessions({...options, sessions: all, several: 'all'})
  // Where nothing was named and nothing fits, what there is instead is an error.
  const sessions = found.length > 0 ? found : await selectSessions({...options, sessions: all, several: 'ask'})
  if (mutagen !== undefined) await monitorSyncs({environment, listen, mutagen, sessions, signal})
  return {syncs: sessions.length}
}
