import {FailedError, KegError} from '../../error/keg-error.js'
import {resumeSession} from '../../mutagen/resume-session.js'
import {isSideOf} from '../../mutagen/into-container.js'
import {Mutagen} from '../../mutagen/mutagen.js'
import {isManaged} from '../../mutagen/session-labels.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'

/** A sync that a keg paused. */
export interface PausedSync {
  /** Mutagen's identifier. */
  readonly id: string
  /** Printable. */
  readonly name: string
}

/**
 * Finds which syncs named by a lock are still paused. The label is just text: skips what is not an identifier, a session of
 * keg, or a session into that container. Returns none if Mutagen cannot be asked.
 */
export async function findPausedSyncs(
  label: string,
  containerId: string,
  environment: NodeJS.ProcessEnv,
): Promise<PausedSync[]> {
  const ids = new Set(label.split(' ').filter((id) => IDENTIFIER.test(id)))
  if (ids.size === 0) return []
  try {
    const sessions = (await (await Mutagen.ifUsed(environment))?.list()) ?? []
    return sessions
      .filter(
        (session) => ids.has(session.id) && session.isPaused && isManaged(session) && isSideOf(session, containerId),
      )
      .map(({id, name}) => ({id, name: printable(name ?? id)}))
  } catch (error) {
    if (error instanceof KegError) return []
    throw error
  }
}

/** Resumes syncs. @throws FailedError `mutagen-failed` for one that stays paused; MissingError `mutagen-missing` */
export async function resumePausedSyncs(syncs: readonly PausedSync[], environment: NodeJS.ProcessEnv): Promise<void> {
  if (syncs.length === 0) return
  const mutagen = await Mutagen.find(environment)
  for (const sync of syncs) {
    if (await resumeSession(mutagen, sync)) continue
    throw new FailedError(`The sync ${sync.name} is still paused.`, {
      code: 'mutagen-failed',
      hint: `Mutagen says why: ${commandLine`keg sync resume ${sync.name}`}`,
    })
  }
}

/** Mutagen's identifiers (mutagen 0.18, pkg/identifier/identifier.go). */
const IDENTIFIER = /^sync_[0-9A-Za-z]{43}$/
