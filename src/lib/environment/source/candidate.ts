import type {Origin} from '../values.js'

/** What one source says of a value. */
export interface Candidate {
  /** As the source has it. */
  readonly text: string
  readonly origin: Origin
  /** Whether its templates are filled in: those of files are; the shell has its own way to fill in variables. */
  readonly hasTemplates: boolean
}

/** What all sources say, by the names of the values, each list from low to high. */
export type Candidates = ReadonlyMap<string, readonly Candidate[]>

/** All that the sources say. */
export interface CollectedCandidates {
  readonly candidates: Candidates
  /** What cannot be a value: names that no program can be given, and those that belong to oclif. */
  readonly ignored: readonly {readonly name: string; readonly origin: Origin}[]
}
