import {setTimeout as sleep} from 'node:timers/promises'
import type {Mutagen} from '../mutagen/mutagen.js'
import {SYNC_LABELS} from '../mutagen/session-labels.js'

/** Terminates the sessions of a keg run. Mutagen may still be creating one: it notices the end of its client a little later. */
export async function endRun(mutagen: Mutagen, run: string): Promise<void> {
  for (const wait of [0, LATE_MILLISECONDS]) {
    await sleep(wait)
    for (const {id, labels} of await mutagen.list()) if (labels[SYNC_LABELS.run] === run) await mutagen.terminate(id)
  }
}

const LATE_MILLISECONDS = 300
