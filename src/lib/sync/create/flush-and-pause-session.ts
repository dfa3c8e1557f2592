import {FailedError, type KegError} from '../../error/keg-error.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import {pathMatcher} from '../../git/ignore/ignore-matcher.js'
import type {Mutagen, NewSession} from '../../mutagen/mutagen.js'
import {isConnected, isHalted, troublesOf} from '../../mutagen/session-health.js'
import type {SyncSession} from '../../mutagen/session.js'
import {troubleLines} from '../sync-text.js'

/**
 * Flushes a session, then pauses it, so that nothing is lost. Ignores problems with paths that its replacement ignores.
 * @throws FailedError `sync-not-replaced`
 */
export async function flushAndPauseSession(
  session: SyncSession,
  next: Pick<NewSession, 'ignores' | 'ignoresVersionControl'>,
  {mutagen, signal}: {readonly mutagen: Mutagen; readonly signal: AbortSignal},
): Promise<void> {
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
  const isLeftOut = pathMatcher(next.ignores, next.ignoresVersionControl)
  const troubles = now === undefined ? [] : troublesOf(now).filter(({path}) => path === '' || !isLeftOut(path))
  if (troubles.length === 0 && failure === undefined) return mutagen.pause(id, signal)
  if (session.isPaused) await mutagen.pause(id)
  const name = printable(session.name ?? id)
  const lines = troubles.length > 0 ? troubleLines(troubles, '  ') : [`  ${failure?.message ?? ''}`]
  throw new FailedError(
    [`The sync ${name} of these folders has other settings, and cannot be replaced as it is:`, ...lines].join('\n'),
    {
      code: 'sync-not-replaced',
      hint: `Fix that first; or end it, which leaves the files as they are on both sides: ${commandLine`keg sync terminate ${name}`}`,
      data: {session: id, name: session.name ?? null, troubles},
      cause: failure,
    },
  )
}
