import type {StreamMessage} from '../engine/types.js'
import {FailedError} from '../error/keg-error.js'
import {isDigest, type Digest} from '../reference/reference.js'
import {printable} from '../terminal/text.js'

/**
 * The digest in a message of a push, if there is one: in `aux` from a classic image store; Engine 28.5 with a containerd image
 * store has it only as text (`TAG: digest: DIGEST size: BYTES`).
 * @throws FailedError `engine-answer-invalid` for an invalid digest.
 */
export function digestOfPush({aux, status}: StreamMessage, tag: string): Digest | undefined {
  const digest = aux?.Digest
  if (digest !== undefined) return checked(typeof digest === 'string' ? digest : JSON.stringify(digest))
  const start = `${tag}: digest: `
  return status?.startsWith(start) ? checked(status.slice(start.length).replace(/ size: \d+$/, '')) : undefined
}

/**
 * The digest in a message of a pull, if there is one (`Digest: DIGEST`).
 * @throws FailedError `engine-answer-invalid` for an invalid digest.
 */
export function digestOfPull({id, status}: StreamMessage): Digest | undefined {
  const start = 'Digest: '
  return id === undefined && status?.startsWith(start) ? checked(status.slice(start.length)) : undefined
}

/**
 * Combines the digest known so far with the one from another message.
 * @throws FailedError `engine-answer-invalid` when the two differ.
 */
export function combineDigests(known: Digest | undefined, reported: Digest | undefined): Digest | undefined {
  if (known !== undefined && reported !== undefined && known !== reported)
    throw invalid(`sent two digests for one image: ${known} and ${reported}`)
  return reported ?? known
}

function checked(text: string): Digest {
  if (isDigest(text)) return text
  throw invalid(`sent an invalid digest: ${printable(text)}`)
}

function invalid(problem: string): FailedError {
  return new FailedError(`The engine ${problem}`, {
    code: 'engine-answer-invalid',
    hint: 'Is this really a Docker engine?',
  })
}
