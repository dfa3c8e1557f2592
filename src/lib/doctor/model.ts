import type {Leftover} from '../container/leftover/leftovers.js'

/** What happened to a leftover. */
export interface FixResult {
  /** `state`: what keg stores about a container, such as its exec log. */
  readonly kind: Leftover['kind'] | 'state' | 'sync'
  /** The id of the container, image or sync, or the file's name. */
  readonly id: string
  /** Its name, for people. */
  readonly name: string
  /** `planned` with `--dry-run`; `kept` if the user declined; `failed` if the engine or Mutagen refused. */
  readonly outcome: 'fixed' | 'planned' | 'kept' | 'failed'
  /** The error of the engine or Mutagen, if it refused. */
  readonly said: string | null
}

/** Something that can be fixed, and how. */
export interface Fix extends Pick<FixResult, 'id' | 'kind' | 'name'> {
  /** What will be done, in one line. */
  readonly text: string
  /** The ids of everything that is removed or changed with it. */
  readonly covers: readonly string[]
  /** Whether data that exists nowhere else can be lost with it. */
  readonly losesData: boolean
  /** @throws EngineError, FailedError if it is refused */
  apply(): Promise<void>
}
