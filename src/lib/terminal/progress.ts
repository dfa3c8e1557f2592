/** A service's report about its current stage. `done` and `total` are bytes. */
export interface ProgressEvent {
  /** The activity, for people: `Reading /data`. */
  readonly stage: string
  readonly state: 'running' | 'done'
  readonly done?: number
  readonly total?: number
  /** Whether the total is an estimate. */
  readonly isEstimate?: boolean
  /** A few more words: `trying again in 5 s`. */
  readonly note?: string
}

/** How services report progress: as often as they like; the listener decides what to show. */
export type ProgressListener = (event: ProgressEvent) => void

/** Ignores progress. */
export const silent: ProgressListener = () => undefined
