import type {Questions} from '../command/ask.js'
import type {Engine} from '../engine/engine.js'
import {EngineError} from '../engine/engine-error.js'
import {FailedError} from '../error/keg-error.js'
import {findLeftovers, isPausedLeftover, pausedStory, removeLeftover, type Leftover} from '../maintenance/leftovers.js'
import {count} from '../terminal/text.js'
import {leftoverText} from './leftover-check.js'

/** What became of a leftover. */
export interface Mended {
  readonly kind: Leftover['kind'] | 'sync'
  readonly id: string
  readonly name: string
  /** `planned` with `--dry-run`; `kept` where the user did not want it; `failed` where the engine or Mutagen refused. */
  readonly outcome: 'mended' | 'planned' | 'kept' | 'failed'
  /** What the engine or Mutagen said, where it refused. */
  readonly said: string | null
}

export interface MendOptions {
  readonly engine: Engine
  /** Leads to Mutagen. */
  readonly environment: NodeJS.ProcessEnv
  readonly dryRun: boolean
  readonly questions: Questions
  /** Takes a line for the person at the terminal. */
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/**
 * Lets containers and syncs go on that a dead keg paused, and removes what dead kegs left: exactly what findLeftovers finds, and only
 * what the user says yes to, for each that stands still by itself.
 * @throws UsageError `input-missing` where nobody can be asked
 */
export async function mendLeftovers(options: MendOptions): Promise<Mended[]> {
  const leftovers = await findLeftovers(options.engine, options.environment)
  const paused = leftovers.filter(isPausedLeftover)
  const others = leftovers.filter((leftover) => !isPausedLeftover(leftover))
  const mended: Mended[] = []
  for (const leftover of paused) {
    mended.push(...(await mendAll([leftover], `${pausedStory(leftover)} Let it go on?`, options)))
  }
  if (others.length > 0) {
    if (!options.dryRun) for (const leftover of others) options.say(leftoverText(leftover))
    mended.push(...(await mendAll(others, `Remove ${count(others.length, 'thing')} of kegs that are gone?`, options)))
  }
  return mended
}

async function mendAll(leftovers: readonly Leftover[], question: string, options: MendOptions): Promise<Mended[]> {
  const {dryRun, engine, environment, questions, signal} = options
  const all = (outcome: Mended['outcome']): Mended[] => leftovers.map((leftover) => outcomeOf(leftover, outcome))
  if (dryRun) return all('planned')
  if (!(await questions.confirm(question, {flag: '--yes'}))) return all('kept')
  const mended: Mended[] = []
  // One after the other: an image goes only after the containers that were made from it.
  for (const leftover of leftovers) {
    signal.throwIfAborted()
    try {
      await removeLeftover(engine, leftover, environment)
      mended.push(outcomeOf(leftover, 'mended'))
    } catch (error) {
      if (error instanceof EngineError) mended.push(outcomeOf(leftover, 'failed', error.said))
      else if (error instanceof FailedError) mended.push(outcomeOf(leftover, 'failed', error.message))
      else throw error
    }
  }
  return mended
}

function outcomeOf({id, kind, name}: Leftover, outcome: Mended['outcome'], said: string | null = null): Mended {
  return {kind, id, name, outcome, said}
}
