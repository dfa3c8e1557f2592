/** Clients for tests. They try again soon, and wait long: a busy machine answers late. */
import {isDigest, parseReference, type Digest} from '../../../../src/lib/reference/reference.js'
import type {Limits} from '../../../../src/lib/registry/client/limits.js'
import {RegistryClient} from '../../../../src/lib/registry/client/registry-client.js'
import {RegistryFailure} from '../../../../src/lib/registry/client/registry-failure.js'
import type {RegistryOptions} from '../../../../src/lib/registry/client/registry-requests.js'
import {thrown} from '../../../support/thrown.js'

export const quick: Partial<Limits> = {
  connectMilliseconds: 20_000,
  answerMilliseconds: 20_000,
  commitMilliseconds: 20_000,
  idleMilliseconds: 20_000,
  tries: 3,
  delayMilliseconds: 10,
  totalDelayMilliseconds: 2000,
}

/** For peers that say nothing: how long is waited for them. */
export const impatient: Partial<Limits> = {answerMilliseconds: 1000, idleMilliseconds: 1000}

export interface ClientParts extends Partial<Omit<RegistryOptions, 'reference'>> {
  readonly environment?: NodeJS.ProcessEnv
  readonly signal?: AbortSignal
}

/** A client of the repository `a/b`. */
export function clientOf(registry: string, parts: ClientParts = {}): RegistryClient {
  const {environment = {}, limits, signal = new AbortController().signal, ...options} = parts
  return new RegistryClient(
    {environment, signal},
    {
      reference: parseReference(`${registry}/a/b`),
      credentials: {kind: 'anonymous'},
      action: 'push',
      ...options,
      limits: {...quick, ...limits},
    },
  )
}

export function asDigest(text: string): Digest {
  if (isDigest(text)) return text
  throw new Error(`no digest: ${text}`)
}

/** The failure of some work, which must be one of a registry. */
export async function failureOf(work: Promise<unknown>): Promise<RegistryFailure> {
  const error = await thrown(work)
  if (error instanceof RegistryFailure) return error
  throw new Error(`another error: ${String(error)}`, {cause: error})
}
