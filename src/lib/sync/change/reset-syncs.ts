import {readdir} from 'node:fs/promises'
import {printable} from '../../terminal/text.js'
import {changeSyncs, type ChangeReport, type ForcedChangeOptions} from './change-syncs.js'
import {connectSession, errorOf, waitUntilCompared} from './connect-session.js'
import {guardBranch} from './resume-syncs.js'
import {isConnected, isHalted, sessionText} from '../../mutagen/session-health.js'
import type {SyncMode, SyncSession} from '../../mutagen/session.js'
import type {Work} from '../../work/work.js'

/**
 * Resets the history of syncs, so that both sides are compared again, after asking. A paused sync stays paused. Each can
 * fail with RefusedError `branch-guard`; FailedError `sync-halted` if it halts again, and as connectSession does.
 */
export async function resetSyncs(work: Work, options: ForcedChangeOptions): Promise<ChangeReport> {
  const {notice, signal} = work
  return changeSyncs(
    work,
    {
      async question(sessions) {
        for (const line of await Promise.all(sessions.map(warning))) notice(line)
        return sessions.length === 1 ? 'Reset it?' : `Reset these ${sessions.length} syncs?`
      },
      check: (session) => guardBranch(work, session, options),
      async apply(session, mutagen) {
        const connecting = {mutagen, signal}
        // If it cannot be connected afterwards, it keeps its history.
        if (!session.isPaused && !isHalted(session.status) && !isConnected(session))
          await connectSession(session, connecting)
        await mutagen.reset(session.id, signal)
        const after = await waitUntilCompared(session.id, connecting)
        const error = after !== undefined && isHalted(after.status) ? errorOf(after) : undefined
        if (error !== undefined) throw error
        return 'done'
      },
    },
    options,
  )
}

/** What happens to differing files once Mutagen does not know which side changed. */
const CONSEQUENCES: Readonly<Record<SyncMode, string>> = {
  'two-way-safe': 'What differs becomes a conflict, and what was deleted on only one side is restored.',
  'two-way-resolved': 'What differs is overwritten from the folder, and what was deleted on only one side is restored.',
  'one-way-safe': 'What differs in the container becomes a conflict, and what was deleted there is restored.',
  'one-way-replica': 'The container becomes a copy of the folder: what is only in the container is deleted.',
}

async function warning(session: SyncSession): Promise<string> {
  const {alpha, beta, mode} = session
  const isEmpty = alpha.protocol === 'local' && (await readdir(alpha.path).catch(() => [])).length === 0
  const more =
    mode === 'one-way-replica' && isEmpty
      ? ` The folder is empty or missing: everything in ${printable(beta.path)} in the container is deleted.`
      : ''
  return `${sessionText(session)} forgets what both sides had in common. ${CONSEQUENCES[mode]}${more}`
}
