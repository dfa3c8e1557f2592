/** What was started from a package, and was to be stopped and removed. */
export interface StoppedPackage {
  /** Name of the container, or of the compose project. */
  readonly name: string
  /** Names of its containers. */
  readonly containers: readonly string[]
  /** Names of the networks that were made for it. */
  readonly networks: readonly string[]
  /** Names of the volumes that were made for it. */
  readonly volumes: readonly string[]
  /** `planned` with a dry run. */
  readonly outcome: 'removed' | 'planned'
}

/** Whose logs were shown. */
export interface PackageLogsResult {
  /** Name of the container, or of the compose project. */
  readonly name: string
  /** 130 or 143 if a signal ended it. */
  readonly exitCode: number
}
