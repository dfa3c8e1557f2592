import {setTimeout as sleep} from 'node:timers/promises'
import type {Mutagen} from '../mutagen.js'

const TRIES = 3
const PATIENCE_MILLISECONDS = 60_000
const WAIT_MILLISECONDS = 500

/** Has a session go on, also where an attempt is cut off. @returns whether it does, or is gone */
export async function resumeSession(mutagen: Mutagen, session: {readonly id: string}): Promise<boolean> {
  for (let tries = 1; tries <= TRIES; tries++) {
    try {
      await mutagen.resume(session.id, AbortSignal.timeout(PATIENCE_MILLISECONDS))
      return true
    } catch {
      // It may go on all the same, and connect later by itself; a Ctrl-C at the terminal ends the programs of keg too.
      const states = await mutagen.list(AbortSignal.timeout(PATIENCE_MILLISECONDS)).catch(() => undefined)
      if (states?.find(({id}) => id === session.id)?.isPaused === false) return true
      if (states !== undefined && !states.some(({id}) => id === session.id)) return true
      await sleep(WAIT_MILLISECONDS * tries)
    }
  }
  return false
}
