import {UsageError} from '../../error/keg-error.js'
import {commandLine} from '../../terminal/command-line.js'
import {findPaused, describePaused, removeLeftover, type PausedLeftover} from './leftovers.js'
import type {EngineWork} from '../../engine/engine-work.js'

/**
 * Offers to resume containers and syncs that keg paused and could not resume because it was killed; without an answer, says
 * how.
 */
export async function offerRecovery(
  work: Pick<EngineWork, 'engine' | 'environment' | 'notice' | 'prompt'>,
): Promise<void> {
  const {engine, environment, notice, prompt} = work
  for (const left of await findPaused(engine, environment)) {
    const description = describePaused(left)
    const answer = await prompt.confirm(`${description} Resume it?`, {flag: '--yes'}).catch((error: unknown) => {
      if (error instanceof UsageError) return undefined
      throw error
    })
    if (answer === true) {
      await removeLeftover(engine, left, environment)
      notice(`${left.name} is resumed.`)
    } else if (answer === undefined) {
      notice(`Warning: ${description} Resume it with: ${remedyFor(left)}`)
    }
  }
}

function remedyFor(left: PausedLeftover): string {
  const resuming = left.syncs.map(({name}) => commandLine`keg sync resume ${name}`)
  return [...(left.kind === 'paused container' ? [commandLine`docker unpause ${left.name}`] : []), ...resuming].join(
    ' && ',
  )
}
