import type {FailureKind} from '../failure-kind.js'

export interface FailureDetails {
  /** The HTTP status of the answer; 0 without one. */
  readonly status?: number
  /** Whether the same request may succeed later. */
  readonly isTemporary?: boolean
  /** Whether the registry sent other content than a digest or size says. */
  readonly isDamaged?: boolean
  /** How long the registry asked to wait before the next try. */
  readonly retryAfterMilliseconds?: number | undefined
  readonly cause?: unknown
}

/** A registry, or the way to it, failed a request of keg itself; `registryError` turns it into an error for the user. */
export class RegistryFailure extends Error {
  readonly status: number
  readonly isTemporary: boolean
  readonly isDamaged: boolean
  readonly retryAfterMilliseconds: number | undefined

  constructor(
    readonly kind: FailureKind,
    /** What happened, printable and without credentials. */
    readonly response: string,
    {status = 0, isTemporary = false, isDamaged = false, retryAfterMilliseconds, cause}: FailureDetails = {},
  ) {
    super(response, {cause})
    this.name = 'RegistryFailure'
    this.status = status
    this.isTemporary = isTemporary
    this.isDamaged = isDamaged
    this.retryAfterMilliseconds = retryAfterMilliseconds
  }
}
