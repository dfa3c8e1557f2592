import type {Repository} from '../../git/repository.js'
import type {Tag} from '../../reference/reference.js'

/** The git state that a package records. */
export interface Project {
  /** The folder the state was read in; undefined when there is no repository. */
  readonly folder: string | undefined
  /** Whether that is the folder the container belongs to, or just the current one. */
  readonly origin: 'container' | 'current folder'
  readonly repository: Repository | undefined
  readonly branch: string | undefined
  readonly commit: string | undefined
  /** The tag of the branch or commit. */
  readonly tag: Tag | undefined
}
