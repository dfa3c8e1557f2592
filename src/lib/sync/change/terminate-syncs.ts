import {removeBinding} from '../../branch/sync/branch-binding.js'
import {changeSyncs, type ChangeOptions, type ChangeReport} from './change-syncs.js'
import {sessionText} from '../../mutagen/session-health.js'
import type {Work} from '../../work/work.js'

/** Terminates syncs; the files stay on both sides. Asks if there is more than one. */
export async function terminateSyncs(work: Work, options: ChangeOptions): Promise<ChangeReport> {
  const {environment, notice, signal} = work
  return changeSyncs(
    work,
    {
      question(sessions) {
        if (sessions.length < 2) return Promise.resolve(undefined)
        for (const session of sessions) notice(sessionText(session))
        return Promise.resolve(`End these ${sessions.length} syncs? No file is changed.`)
      },
      async apply({id}, mutagen) {
        await mutagen.terminate(id, signal)
        await removeBinding(id, environment)
        return 'done'
      },
    },
    options,
  )
}
