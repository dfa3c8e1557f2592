import {FailedError, MissingError} from '../error/keg-error.js'
import {removeBinding} from '../sync/branch/branch-binding.js'
import {findContainerFates} from '../sync/container-fate.js'
import {Mutagen} from '../sync/mutagen.js'
import {sessionText} from '../sync/session-health.js'
import {isOwn} from '../sync/session-labels.js'
import type {SyncSession} from '../sync/session.js'
import {count} from '../terminal/text.js'
import type {Mended, MendOptions} from './mend.js'

/**
 * Ends the syncs that keg made into containers that are gone, as their own engine says, after asking. No file is touched.
 * @throws UsageError `input-missing` where nobody can be asked
 */
export async function mendSyncs(options: MendOptions): Promise<Mended[]> {
  const {dryRun, environment, questions, say, signal} = options
  // That Mutagen is missing is told by a check.
  const mutagen = await Mutagen.ifUsed(environment).catch(whereMissing)
  const sessions = ((await mutagen?.list(signal)) ?? []).filter(isOwn)
  const fates = await findContainerFates(sessions, options)
  const gone = sessions.filter((session) => fates.get(session) === 'gone')
  if (mutagen === undefined || gone.length === 0) return []
  if (dryRun) return gone.map((session) => mended(session, 'planned'))
  for (const session of gone) say(sessionText(session))
  if (!(await questions.confirm(`End ${count(gone.length, 'sync')} into containers that are gone?`, {flag: '--yes'})))
    return gone.map((session) => mended(session, 'kept'))
  return Promise.all(
    gone.map(async (session) => {
      try {
        await mutagen.terminate(session.id, signal)
        await removeBinding(session.id, environment)
        return mended(session, 'mended')
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof FailedError)) throw error
        return mended(session, 'failed', error.message)
      }
    }),
  )
}

function whereMissing(error: unknown): undefined {
  if (!(error instanceof MissingError)) throw error
}

function mended({id, name}: SyncSession, outcome: Mended['outcome'], said: string | null = null): Mended {
  return {kind: 'sync', id, name: name ?? id, outcome, said}
}
