/** Another container that may write to mounts while they are read. */
export interface Writer {
  /** Its name. */
  readonly container: string
  /** Destinations of the mounts in the container that is packaged. */
  readonly mounts: readonly string[]
  /** Whether keg pauses it while they are read, so that it cannot write. */
  readonly paused: boolean
}
