import {changeSyncs, type ChangeOptions, type ChangeReport} from './change-syncs.js'

/** Has syncs stand still: nothing comes over until they are resumed, also when Mutagen's daemon starts anew. */
export async function pauseSyncs(options: ChangeOptions): Promise<ChangeReport> {
  return changeSyncs(
    {
      async apply({id, isPaused}, mutagen) {
        if (isPaused) return 'unchanged'
        await mutagen.pause(id, options.signal)
        return 'done'
      },
    },
    options,
  )
}
