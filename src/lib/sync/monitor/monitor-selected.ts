import type {Work} from '../../work/work.js'
import {Mutagen} from '../../mutagen/mutagen.js'
import {selectSessions} from '../select-sessions.js'
import type {MonitorListener} from './monitor-event.js'
import {monitorSyncs} from './monitor-syncs.js'

/** Which syncs to monitor; without targets, those of the current folder. */
export interface MonitorOptions {
  readonly targets: readonly string[]
  /** All syncs that keg made. */
  readonly all: boolean
  readonly listen: MonitorListener
  /** Ends the monitor without an error. */
  readonly enough: AbortSignal
}

/** What was monitored. */
export interface MonitorReport {
  /** How many syncs it monitored. */
  readonly syncs: number
}

/**
 * Monitors syncs of keg until all of them have ended, or `enough` is aborted.
 * @throws what selectSessions, monitorSyncs and Mutagen do
 */
export async function monitorSelected(work: Work, options: MonitorOptions): Promise<MonitorReport> {
  const {enough, listen} = options
  const {environment} = work
  const signal = AbortSignal.any([enough, work.signal])
  const mutagen = await Mutagen.ifUsed(environment)
  const all = (await mutagen?.list(signal)) ?? []
  const found = await selectSessions(work, {...options, sessions: all, several: 'all'})
  // Without targets and with no matching sync, the error lists what there is.
  const sessions = found.length > 0 ? found : await selectSessions(work, {...options, sessions: all, several: 'ask'})
  try {
    if (mutagen !== undefined) await monitorSyncs({environment, signal}, {listen, mutagen, sessions})
  } catch (error) {
    if (!enough.aborted) throw error
  }
  return {syncs: sessions.length}
}
