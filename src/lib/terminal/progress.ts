/** One report of a service about the stage it is in. `done` and `total` are bytes. */
export interface ProgressEvent {
  /** What is being done, as a person would say it: `Reading /data`. */
  readonly stage: string
  readonly state: 'running' | 'done'
  readonly done?: number
  readonly total?: number
  /** A few words more: `trying again in 5 s`. */
  readonly note?: string
}

/** How services report: they call it as often as they like, whoever listens decides what is shown. */
export type ProgressListener = (event: ProgressEvent) => void

/** Nobody listens. */
export const silent: ProgressListener = () => undefined
