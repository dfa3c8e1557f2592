import type {Questions} from '../command/ask.js'
import type {Engine} from '../engine/engine.js'
import {UsageError} from '../error/keg-error.js'
import {shellLine} from '../terminal/text.js'
import {findPaused, pausedStory, removeLeftover, type PausedLeftover} from './leftovers.js'

/** What an offer is made with. */
export interface OfferOptions {
  readonly engine: Engine
  /** Leads to Mutagen. */
  readonly environment: NodeJS.ProcessEnv
  readonly questions: Questions
  /** Takes a line for the person at the terminal. */
  readonly say: (line: string) => void
}

/**
 * Offers to let containers and syncs go on that a keg paused, and could not let go on because it was killed; where nobody
 * answers, says how.
 */
export async function offerToFree({engine, environment, questions, say}: OfferOptions): Promise<void> {
  for (const left of await findPaused(engine, environment)) {
    const story = pausedStory(left)
    const question = `${story} Let it go on?`
    const answer = await questions.confirm(question, {flag: '--yes'}).catch((error: unknown) => {
      if (error instanceof UsageError) return undefined
      throw error
    })
    if (answer === true) {
      await removeLeftover(engine, left, environment)
      say(`${left.name} goes on.`)
    } else if (answer === undefined) {
      say(`Warning: ${story} Let it go on with: ${remedyFor(left)}`)
    }
  }
}

function remedyFor(left: PausedLeftover): string {
  const resuming = left.syncs.map(({name}) => shellLine(['keg', 'sync', 'resume', name]))
  return [...(left.kind === 'paused container' ? [shellLine(['docker', 'unpause', left.name])] : []), ...resuming].join(
    ' && ',
  )
}
