/** A name of a package that was to be removed from the engine. */
export interface RemovedPackage {
  /** The name. */
  readonly reference: string
  /** Id of the image that it named. */
  readonly image: string
  /** `planned` with a dry run; `kept` if containers still need it, or if it names another image by now. */
  readonly outcome: 'removed' | 'planned' | 'kept'
  /** The containers that need it, by their names: the engine has their image under no other name. Empty if none do. */
  readonly containers: readonly string[]
}
