import {setTimeout as sleep} from 'node:timers/promises'

/** How often to look whether an engine still makes something, and how often nothing must be found in a row. */
const POLL_MILLISECONDS = 250
const QUIET_POLLS = 4
const MAX_POLLS = 240

/**
 * Removes what is left after a program that made it was interrupted: an engine goes on with requests whose client is gone, so that a
 * container, whose volumes it fills first, appears only later. Tries until nothing was there for a second, or for a minute.
 * @param remove removes what there is, and returns whether there was anything
 */
export async function untilQuiet(remove: () => Promise<boolean>): Promise<void> {
  let quiet = 0
  for (let polls = 0; polls < MAX_POLLS && quiet < QUIET_POLLS; polls++) {
    quiet = (await remove()) ? 0 : quiet + 1
    if (quiet < QUIET_POLLS) await sleep(POLL_MILLISECONDS)
  }
}
