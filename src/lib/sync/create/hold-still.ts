import {FailedError, type KegError} from '../../error/keg-error.js'
import {printable} from '../../terminal/text.js'
import type {Mutagen} from '../mutagen.js'
import {isConnected, isHalted, troublesOf} from '../session-health.js'
import type {SyncSession} from '../session.js'
import {troubleLines} from '../sync-text.js'

/**
 * Has a session bring over all that there is, and stand still: only then nothing is lost with what it knows.
 * @throws FailedError `sync-not-replaced`
 */
export async function holdStill(session: SyncSession, mutagen: Mutagen, signal: AbortSignal): Promise<void> {
  const {id} = session
  let failure: KegError | undefined
  try {
    if (!isHalted(session.status)) {
      if (session.isPaused || !isConnected(session)) await mutagen.resume(id, signal)
      await mutagen.flush(id, signal)
    }
  } catch (error) {
    if (!(error instanceof FailedError)) throw error
    failure = error
  }
  const now = (await mutagen.list(signal)).find((each) => each.id === id)
  const troubles = now === undefined ? [] : troublesOf(now)
  if (troubles.length === 0 && failure === undefined) return mutagen.pause(id, signal)
  if (session.isPaused) await mutagen.pause(id)
  const name = printable(session.name ?? id)
  const lines = troubles.length > 0 ? troubleLines(troubles, '  ') : [`  ${failure?.message ?? ''}`]
  throw new FailedError(
    [`The sync ${name} of these folders has other settings, and cannot be replaced as it is:`, ...lines].join('\n'),
    {
      code: 'sync-not-replaced',
      hint: `Mend that first; or end it, which leaves the files as they are on both sides: keg sync terminate ${name}`,
      data: {session: id, name: session.name ?? null, troubles},
      cause: failure,
    },
  )
}
