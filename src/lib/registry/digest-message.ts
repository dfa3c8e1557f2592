import type {StreamMessage} from '../engine/types.js'
import {FailedError} from '../error/keg-error.js'
import {isDigest, type Digest} from '../reference/reference.js'
import {printable} from '../terminal/text.js'

/**
 * The digest in a message of a push, if it has one: in `aux` from a classic image store; Engine 28.5 with a containerd image
 * store has it in words alone (`TAG: digest: DIGEST size: BYTES`).
 * @throws FailedError `engine-answer-invalid` for a digest that is none.
 */
export function digestOfPush({aux, status}: StreamMessage, tag: string): Digest | undefined {
  const told = aux?.Digest
  if (told !== undefined) return checked(typeof told === 'string' ? told : JSON.stringify(told))
  const start = `${tag}: digest: `
  return status?.startsWith(start) ? checked(status.slice(start.length).replace(/ size: \d+$/, '')) : undefined
}

/**
 * The digest in a message of a pull, if it has one (`Digest: DIGEST`).
 * @throws FailedError `engine-answer-invalid` for a digest that is none.
 */
export function digestOfPull({id, status}: StreamMessage): Digest | undefined {
  const start = 'Digest: '
  return id === undefined && status?.startsWith(start) ? checked(status.slice(start.length)) : undefined
}

/**
 * Holds what is known so far against what a further message said.
 * @throws FailedError `engine-answer-invalid` when the two differ.
 */
export function agreed(known: Digest | undefined, said: Digest | undefined): Digest | undefined {
  if (known !== undefined && said !== undefined && known !== said)
    throw invalid(`named two digests for one image: ${known} and ${said}`)
  return said ?? known
}

function checked(text: string): Digest {
  if (isDigest(text)) return text
  throw invalid(`named a digest that is none: ${printable(text)}`)
}

function invalid(problem: string): FailedError {
  return new FailedError(`The engine ${problem}`, {
    code: 'engine-answer-invalid',
    hint: 'Is this really a Docker engine?',
  })
}
