import {changeSyncs, type ChangeOptions, type ChangeReport} from './change-syncs.js'
import type {Work} from '../../work/work.js'

/** Pauses syncs: nothing is transferred until they are resumed, even if Mutagen's daemon restarts. */
export async function pauseSyncs(work: Work, options: ChangeOptions): Promise<ChangeReport> {
  return changeSyncs(
    work,
    {
      async apply({id, isPaused}, mutagen) {
        if (isPaused) return 'unchanged'
        await mutagen.pause(id, work.signal)
        return 'done'
      },
    },
    options,
  )
}
