/** How long to wait for a registry, and how often to try again. */
export interface Limits {
  /** Until a connection is established, proxy and TLS included. */
  readonly connectMilliseconds: number
  /** Until an answer begins, once a request is sent. */
  readonly answerMilliseconds: number
  /** The same for requests that make a registry check or move a whole blob. */
  readonly commitMilliseconds: number
  /** How long nothing may be sent or received in between. */
  readonly idleMilliseconds: number
  /** How long a chunk may still be sent after an abort, so that its upload can go on behind it some day. */
  readonly lastChunkMilliseconds: number
  /** How often a request is sent at most. */
  readonly tries: number
  /** The wait before the second try; it doubles with each try. */
  readonly delayMilliseconds: number
  /** No wait between two tries is longer. */
  readonly maxDelayMilliseconds: number
  /** How long all waits of a request may take together. */
  readonly totalDelayMilliseconds: number
}

export const LIMITS: Limits = {
  connectMilliseconds: 30_000,
  answerMilliseconds: 60_000,
  commitMilliseconds: 600_000,
  idleMilliseconds: 60_000,
  lastChunkMilliseconds: 5000,
  tries: 6,
  delayMilliseconds: 500,
  maxDelayMilliseconds: 30_000,
  totalDelayMilliseconds: 120_000,
}

/** For what is half done: about as long as engines wait for a registry that restarts. */
export const MORE_TRIES: Partial<Limits> = {tries: 8}

/** For questions whose answer is not worth waiting for. */
export const ONE_TRY: Partial<Limits> = {tries: 1}

/** For questions that somebody waits for. */
export const TWO_TRIES: Partial<Limits> = {tries: 2}
