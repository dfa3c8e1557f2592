import {removeBinding} from '../branch/branch-binding.js'
import {changeSyncs, type ChangeOptions, type ChangeReport} from './change-syncs.js'
import {sessionText} from '../session-health.js'

/** Ends syncs; the files stay on both sides. Asks where it is more than one. */
export async function terminateSyncs(options: ChangeOptions): Promise<ChangeReport> {
  const {environment, say, signal} = options
  return changeSyncs(
    {
      question(sessions) {
        if (sessions.length < 2) return Promise.resolve(undefined)
        for (const session of sessions) say(sessionText(session))
        return Promise.resolve(`End these ${sessions.length} syncs? No file is touched.`)
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
