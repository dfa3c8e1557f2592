import {setTimeout as sleep} from 'node:timers/promises'
import type {Mutagen} from './mutagen.js'

const TRIES = 3
const TIMEOUT_MILLISECONDS = 60_000
const WAIT_MILLISECONDS = 500

/** Resumes a session, even if an attempt is interrupted. @returns whether it runs, or is gone */
export async function resumeSession(mutagen: Mutagen, session: {readonly id: string}): Promise<boolean> {
  for (let tries = 1; tries <= TRIES; tries++) {
    try {
      await mutagen.resume(session.id, AbortSignal.timeout(TIMEOUT_MILLISECONDS))
      return true
    } catch {
      // It may run anyway, and connect later; Ctrl-C at the terminal also ends programs that keg started.
      const states = await mutagen.list(AbortSignal.timeout(TIMEOUT_MILLISECONDS)).catch(() => undefined)
      if (states?.find(({id}) => id === session.id)?.isPaused === false) return true
      if (states !== undefined && !states.some(({id}) => id === session.id)) return true
      await sleep(WAIT_MILLISECONDS * tries)
    }
  }
  return false
}
