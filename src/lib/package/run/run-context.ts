import type {ShownPort} from '../../container/port/reachable-address.js'
import type {EngineWork} from '../../engine/engine-work.js'
import type {OutputTargets} from '../../container/container-output.js'
import type {PullPolicy} from '../../registry/obtain-image.js'
import type {ProjectRunResult} from '../run-project/model.js'
import type {TakenNameAnswer} from './choose-name.js'
import type {ProxyOptions} from './proxied.js'
import type {RunRequest, TypedRequest} from './run-request.js'
import type {RefusedSetting} from './model.js'

/** What to run, and how. */
export interface RunPackageOptions extends TypedRequest {
  readonly detach: boolean
  /** Only report what would be done. */
  readonly dryRun: boolean
  readonly pull: PullPolicy
  /** Undefined: reachable only through ports. */
  readonly proxy?: ProxyOptions | undefined
  /** Whether to apply the harmless settings of its developer's container; undefined: yes. */
  readonly runSettings?: boolean | undefined
  /** What to do with a container that has its name; if undefined, the user is asked. */
  readonly onTakenName?: TakenNameAnswer | undefined
  /** Undefined: yes in the foreground, otherwise no. */
  readonly remove: boolean | undefined
  /** Writes the compose file of a project into this folder instead of running it. */
  readonly outputCompose?: string | undefined
  /** Called once, when the package is ready to use. */
  readonly ready: (result: RunResult | ProjectRunResult) => void
  /** Where the container's output goes, in the foreground. */
  readonly output: OutputTargets
}

/** What `--json` prints. */
export interface RunResult {
  /** Id of the container, null with `--dry-run`. */
  readonly container: string | null
  /** Name of the container. */
  readonly name: string
  /** The package that is run. */
  readonly reference: string
  /** The package's digest in its registry; null if it is in none. */
  readonly digest: string | null
  /** Published ports. */
  readonly ports: readonly ShownPort[]
  /** Its URL; null if it has no port that can answer. */
  readonly url: string | null
  /** How the typed reference was understood. */
  readonly understood: string
  /** Settings of its developer's container that were not granted, with the flags that grant them. */
  readonly notGranted: readonly RefusedSetting[]
}

/** What every step of a run needs. */
export interface Context {
  readonly work: EngineWork
  readonly options: RunPackageOptions
  readonly request: RunRequest
}

/** In the foreground a container is removed when it ends; a detached one is kept, unless `--rm`. */
export function removes({detach, remove}: Pick<RunPackageOptions, 'detach' | 'remove'>): boolean {
  return remove ?? !detach
}
