import {readdir} from 'node:fs/promises'
import {printable} from '../../terminal/text.js'
import {changeSyncs, type ChangeReport, type ForcedChangeOptions} from './change-syncs.js'
import {connectSession, errorOf, onceCompared} from './connect-session.js'
import {guardBranch} from './resume-syncs.js'
import {isConnected, isHalted, sessionText} from '../session-health.js'
import type {SyncMode, SyncSession} from '../session.js'

/**
 * Has syncs forget what both sides had in common, and compare them anew, after asking. One that was paused stays so.
 * Each may fail by RefusedError `branch-guard`; FailedError `sync-halted` where it halts again, and as connectSession does.
 */
export async function resetSyncs(options: ForcedChangeOptions): Promise<ChangeReport> {
  const {say, signal} = options
  return changeSyncs(
    {
      async question(sessions) {
        for (const line of await Promise.all(sessions.map(warning))) say(line)
        return sessions.length === 1 ? 'Reset it?' : `Reset these ${sessions.length} syncs?`
      },
      check: (session) => guardBranch(session, options),
      async apply(session, mutagen) {
        const work = {mutagen, signal}
        // What cannot go on afterwards keeps its history.
        if (!session.isPaused && !isHalted(session.status) && !isConnected(session)) await connectSession(session, work)
        await mutagen.reset(session.id, signal)
        const after = await onceCompared(session.id, work)
        const error = after !== undefined && isHalted(after.status) ? errorOf(after) : undefined
        if (error !== undefined) throw error
        return 'done'
      },
    },
    options,
  )
}

/** What becomes of files that differ once Mutagen does not know any more which side has changed. */
const CONSEQUENCES: Readonly<Record<SyncMode, string>> = {
  'two-way-safe': 'What differs on both sides becomes a conflict, and what was deleted on one side only comes back.',
  'two-way-resolved': 'What differs becomes as it is in the folder, and what was deleted on one side only comes back.',
  'one-way-safe': 'What differs in the container becomes a conflict, and what was deleted there comes back.',
  'one-way-replica': 'The container becomes like the folder: what is only in the container is deleted.',
}

async function warning(session: SyncSession): Promise<string> {
  const {alpha, beta, mode} = session
  const isEmpty = alpha.protocol === 'local' && (await readdir(alpha.path).catch(() => [])).length === 0
  const more =
    mode === 'one-way-replica' && isEmpty
      ? ` The folder is empty or not there: all of ${printable(beta.path)} in the container is deleted.`
      : ''
  return `${sessionText(session)} forgets what both sides had in common. ${CONSEQUENCES[mode]}${more}`
}
