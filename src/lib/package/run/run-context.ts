import type {ConnectionFlags} from '../../engine/connection-environment.js'
import type {Questions} from '../../command/ask.js'
import type {Engine} from '../../engine/engine.js'
import type {ProgressListener} from '../../terminal/progress.js'
import type {OutputTargets} from '../../container/container-output.js'
import type {PullPolicy} from '../../registry/obtain-image.js'
import type {ProxyWishes} from './proxied.js'
import type {RunRequest, TypedRequest} from './run-request.js'

/** What to run, how, and who is told. */
export interface RunPackageOptions extends TypedRequest, ConnectionFlags {
  readonly detach: boolean
  /** Only say what would be done. */
  readonly dryRun: boolean
  readonly pull: PullPolicy
  /** Undefined: it is reached by ports alone. */
  readonly proxy?: ProxyWishes | undefined
  /** Undefined: in the foreground yes, else no. */
  readonly remove: boolean | undefined
  /** The user's environment: it says where the engine is and has the values of `-e KEY`. */
  readonly environment: NodeJS.ProcessEnv
  readonly questions: Questions
  readonly progress: ProgressListener
  readonly signal: AbortSignal
  /** Takes a line for the person at the terminal. */
  readonly say: (line: string) => void
  /** Called once, when the package is ready to be used. */
  readonly ready: (result: RunResult) => void
  /** Where what the container prints goes, in the foreground. */
  readonly output: OutputTargets
}

/** What scripts get, with `--json`. */
export interface RunResult {
  /** Id of the container, null with `--dry-run`. */
  readonly container: string | null
  readonly name: string
  readonly reference: string
  readonly digest: string | null
  /** Ports in docker's words: `8080/tcp` at `127.0.0.1:8080`. */
  readonly ports: readonly {readonly container: string; readonly host: string}[]
  readonly url: string | null
  readonly understood: string
}

/** What every step of a run needs. */
export interface Context {
  readonly options: RunPackageOptions
  readonly request: RunRequest
  readonly engine: Engine
  /** Id of this run, by which everything it makes is found. */
  readonly run: string
}

/** In the foreground a container goes when it ends; a detached one stays, unless `--rm`. */
export function removes({detach, remove}: Pick<RunPackageOptions, 'detach' | 'remove'>): boolean {
  return remove ?? !detach
}
