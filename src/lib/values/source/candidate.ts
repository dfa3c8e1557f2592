import type {UsageError} from '../../error/keg-error.js'
import type {Origin} from '../values.js'

/** A value from one source. */
export interface Candidate {
  /** The text in the source. */
  readonly text: string
  readonly origin: Origin
  /** Whether its templates are filled in: in files they are; a shell interpolates variables itself. */
  readonly hasTemplates: boolean
  /** Why it cannot be used: an error for whoever reads it. */
  readonly problem?: UsageError
}

/** The values of all sources, by name, each list from low to high. */
export type Candidates = ReadonlyMap<string, readonly Candidate[]>

/** Everything from the sources. */
export interface CollectedCandidates {
  readonly candidates: Candidates
  /** What cannot be a value: names that no variable can have, and those that belong to oclif. */
  readonly ignored: readonly {readonly name: string; readonly origin: Origin}[]
  /** Errors in the user's override file that are not about values. */
  readonly invalid: readonly UsageError[]
}
