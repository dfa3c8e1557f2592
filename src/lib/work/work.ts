import {randomUUID} from 'node:crypto'
import type {Cleanup} from '../async/cleanup.js'
import type {ProgressListener} from '../terminal/progress.js'
import type {Prompt} from '../terminal/prompt.js'

/**
 * What every service works with: where it works, whom it asks and informs, and what ends it. The base command creates one
 * for each command; `EngineWork` of the room `engine` has an engine too. To change one of these, a service passes on
 * `{...work, signal}`.
 */
export interface Work {
  /** The current folder. */
  readonly folder: string
  /** The user's environment, also for child processes: it names the engine to use. */
  readonly environment: NodeJS.ProcessEnv
  /** Aborts the work, which then throws its reason. */
  readonly signal: AbortSignal
  readonly prompt: Prompt
  readonly progress: ProgressListener
  /** Shows a line to the user. */
  readonly notice: (line: string) => void
  /** Warns the user: shown at once, and also in results that have warnings. */
  readonly warn: (text: string) => void
  /** All warnings so far. */
  readonly warnings: readonly string[]
  /** Id of this run of keg, which labels everything that it creates. */
  readonly run: string
  /** Removes temporary resources at the end of the command, whatever happens. */
  readonly cleanup: Cleanup
}

/** The parts of a Work. */
export type WorkParts = Pick<Work, 'cleanup' | 'environment' | 'notice' | 'progress' | 'prompt' | 'signal'> & {
  /** Returns the current folder, when first needed. */
  readonly currentFolder: () => string
}

/** The work of one command. */
export function makeWork({currentFolder, ...parts}: WorkParts): Work {
  return {
    ...parts,
    get folder() {
      return currentFolder()
    },
    ...collectWarnings(parts.notice),
    run: randomUUID(),
  }
}

/** Shows warnings and collects them. */
export function collectWarnings(notice: Work['notice']): Pick<Work, 'warn' | 'warnings'> {
  const warnings: string[] = []
  return {
    warnings,
    warn(text) {
      warnings.push(text)
      notice(`Warning: ${text}`)
    },
  }
}
